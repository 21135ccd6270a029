"""Every link and every path the pages name leads somewhere."""

from __future__ import annotations

import re

import pytest
from pages import ARCHITECTURE, PAGES, ROOT, Page

_PATH = re.compile(r"(?:logmond|docs|tests|etc|systemd|packaging|bench)/[\w./-]*")

_INTERNAL = [
    (page, link) for page in PAGES for link in page.links if not re.match(r"[a-z]+://", link)
]
_NAMED = [(page, code) for page in PAGES for code in page.inline if _PATH.fullmatch(code)]


@pytest.mark.parametrize(("page", "link"), _INTERNAL, ids=lambda part: getattr(part, "name", part))
def test_every_internal_link_resolves(page: Page, link: str) -> None:
    """The file is there, and so is the heading."""
    file, _, anchor = link.partition("#")
    target = (page.path.parent / file).resolve() if file else page.path
    assert target.exists(), f"{page.name} links to {link}, which is not there"
    if anchor:
        assert anchor in Page(target).anchors, f"{page.name}: {target.name} has no #{anchor}"


@pytest.mark.parametrize(("page", "path"), _NAMED, ids=lambda part: getattr(part, "name", part))
def test_every_path_of_the_source_that_is_named_exists(page: Page, path: str) -> None:
    """A file that was moved is moved on the pages too."""
    assert (ROOT / path).exists(), f"{page.name} names {path}, which is not there"


def test_every_package_is_on_the_map() -> None:
    """Nobody has to guess what a folder is for."""
    packages = {
        f"{path.parent.relative_to(ROOT)}/" for path in (ROOT / "logmond").rglob("__init__.py")
    }
    packages -= {"logmond/"}
    missing = packages - set(ARCHITECTURE.inline)
    assert packages, "the packages were not found"
    assert not missing, f"docs/architecture.md does not name {missing}"
