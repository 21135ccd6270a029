"""Can this user read the files that the configuration names? Asked of owner, groups and mode bits.

Of files with secrets it is also asked who else can.
Access control lists are not looked at: what they allow shows as a warning too
many, never as one too few.
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from glob import glob

from logmond.config.checks import Finding
from logmond.config.lines import leaves
from logmond.config.schema import Config
from logmond.config.units import shown
from logmond.errors import ConfigError, Problem


@dataclass(frozen=True, slots=True)
class User:
    """Whoever the daemon will run as."""

    name: str
    uid: int
    gids: frozenset[int]

    @classmethod
    def named(cls, name: str | None) -> User:
        """A user of this machine with all groups; by default whoever runs this process.

        Raises:
            ConfigError: there is no such user.
        """
        if name is None:
            uid = os.geteuid()
            try:
                known = pwd.getpwuid(uid).pw_name
            except KeyError:
                known = str(uid)
            return cls(known, uid, frozenset((os.getegid(), *os.getgroups())))
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            problem = Problem("--user", "", f"no user {shown(name)} on this machine")
            raise ConfigError([problem]) from None
        return cls(name, entry.pw_uid, frozenset(os.getgrouplist(name, entry.pw_gid)))

    def may(self, status: os.stat_result, wanted: int) -> bool:
        """Whether the mode bits grant `wanted`, bits of the last octal digit."""
        if self.uid == 0:
            return True
        if status.st_uid == self.uid:
            return bool(status.st_mode >> 6 & wanted)
        if status.st_gid in self.gids:
            return bool(status.st_mode >> 3 & wanted)
        return bool(status.st_mode & wanted)


def findings(config: Config, user: User) -> Iterator[Finding]:
    """Files the user cannot read, files read under two names, patterns without a file."""
    yield from _servers(config, user)
    yield from _secrets(config, user)
    seen: dict[tuple[int, int], tuple[str, str]] = {}
    for index, source in enumerate(config.sources):
        for key in ("certificate", "key", "client_ca"):
            path = source.credentials.get(key)
            for message in _needed(path, user) if path else ():
                yield ("sources", index, "tls", key), f"{source.name}: {message}"
            for message in _exposed(path) if path and key == "key" else ():
                yield ("sources", index, "tls", key), f"{source.name}: {message}"
        for number, pattern in enumerate(source.files):
            place = ("sources", index, "files", number)
            paths = sorted(glob(pattern)) or [pattern]
            for path in paths:
                refused = refusal(path, user)
                if refused:
                    message = ": ".join(part for part in refused if part)
                    yield place, f"{source.name}: {message}"
                    continue
                status = os.stat(path)
                if stat.S_ISDIR(status.st_mode):
                    yield (
                        place,
                        f"{source.name}: {path} is a directory; try {path.rstrip('/')}/*.log",
                    )
                identity = (status.st_dev, status.st_ino)
                name, other = seen.setdefault(identity, (source.name, pattern))
                if (name, other) != (source.name, pattern) and other != pattern:
                    yield (
                        place,
                        f"{source.name}: {path} is read by source {name} already, as {other}",
                    )


def _servers(config: Config, user: User) -> Iterator[Finding]:
    """Configurations of web servers the user cannot read, each once: it must at every start."""
    told: set[str] = set()
    for index, source in enumerate(config.sources):
        if source.server is None or source.server[1] in told:
            continue
        key, path = source.server
        told.add(path)
        refused = refusal(path, user)
        if refused:
            message = ": ".join(part for part in refused if part)
            yield ("sources", index, key), f"{source.name}: {message}"


def _secrets(config: Config, user: User) -> Iterator[Finding]:
    """Files with secrets that the user cannot read, and those that everybody can."""
    for place, path in leaves(config.model_dump(mode="json", by_alias=True)):
        key = str(place[-1])
        if key.endswith("_file"):
            for message in (*_needed(path, user), *(_exposed(path) if key != "ca_file" else ())):
                yield place, message


def _needed(path: str, user: User) -> Iterator[str]:
    """Why the user cannot read a file without which the daemon does not begin."""
    refused = refusal(path, user)
    if refused:
        message = ": ".join(part for part in refused if part)
        yield message.replace("; waited for", ", and is needed at the start")


def _exposed(path: str) -> Iterator[str]:
    """That everybody on this machine can read a secret."""
    if refusal(path, User("everybody", -1, frozenset())) is None:
        owned = _owned(os.stat(path))
        yield f"everybody on this machine can read {path} ({owned}): chmod o= {path}"


def refusal(path: str, user: User) -> tuple[str, str] | None:
    """Why the user cannot read a file, and the command that helps ("" for none).

    None when it can.
    """
    path = os.path.realpath(path)
    for directory in _parents(path):
        try:
            status = os.stat(directory)
        except OSError:
            return f"{directory} does not exist; waited for", ""
        if not user.may(status, 1):
            return (
                f"user {user.name} cannot enter {directory} ({_owned(status)})",
                _help(status, user, directory, "x"),
            )
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return f"{path} does not exist yet; waited for", ""
    except OSError as error:
        return f"{path}: {(error.strerror or str(error)).lower()}", ""
    if not user.may(status, 4):
        return (
            f"user {user.name} cannot read {path} ({_owned(status)})",
            _help(status, user, path, "r"),
        )
    return None


def _parents(path: str) -> Iterator[str]:
    """The directories that must be entered, outermost first."""
    parts = os.path.abspath(path).split("/")[1:-1]
    for depth in range(len(parts) + 1):
        yield "/" + "/".join(parts[:depth])


def _owned(status: os.stat_result) -> str:
    return (
        f"{stat.S_IMODE(status.st_mode):04o} {_name_of_user(status.st_uid)}:"
        f"{_name_of_group(status.st_gid)}"
    )


def _help(status: os.stat_result, user: User, path: str, right: str) -> str:
    """The group that could, or else an access control list."""
    bit = 4 if right == "r" else 1
    if status.st_mode >> 3 & bit and status.st_gid != 0:
        return f"usermod -aG {_name_of_group(status.st_gid)} {user.name}"
    return f"setfacl -m u:{user.name}:{right} {path}"


def _name_of_user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _name_of_group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
