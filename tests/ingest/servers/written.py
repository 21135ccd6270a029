"""Configuration files that exist only in a dictionary."""

from __future__ import annotations

from fnmatch import fnmatch

from logmond.ingest.servers.found import Found


class Written:
    """A `Files` of the texts given; None stands for a file that may not be read."""

    def __init__(self, texts: dict[str, str | None]) -> None:
        self._texts = texts

    def text(self, path: str) -> str:
        """The text of a path."""
        if path not in self._texts:
            raise FileNotFoundError(2, "No such file or directory", path)
        text = self._texts[path]
        if text is None:
            raise PermissionError(13, "Permission denied", path)
        return text

    def matching(self, pattern: str) -> list[str]:
        """Paths by a glob, in which * does not cross a slash."""
        depth = pattern.count("/")
        return sorted(p for p in self._texts if p.count("/") == depth and fnmatch(p, pattern))

    def is_directory(self, path: str) -> bool:
        """Whether any path lies below."""
        return any(known.startswith(f"{path}/") for known in self._texts)


def effective(found: Found) -> dict[str, list[str]]:
    """Each scope's name with the targets in effect there."""
    return {str(scope): [log.target for log in scope.logs] for scope in found.scopes}


def notes(found: Found) -> list[str]:
    """The notes as people see them."""
    return [f"{place}: {message}" for place, message in found.notes]
