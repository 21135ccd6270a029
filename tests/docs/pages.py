"""The pages people read, taken apart: blocks of code, links, headings, tables. Nothing is run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(r"^```([\w-]*)\n(.*?)^```$", re.M | re.S)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.M)
_INLINE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the line of the page it begins at."""

    language: str
    text: str
    line: int


@dataclass
class Page:
    """One Markdown file of the project."""

    path: Path

    @property
    def name(self) -> str:
        """Its path within the project."""
        return str(self.path.relative_to(ROOT))

    @cached_property
    def text(self) -> str:
        """All of it."""
        return self.path.read_text()

    @cached_property
    def prose(self) -> str:
        """What stands outside fenced blocks."""
        return _FENCE.sub("", self.text)

    @cached_property
    def blocks(self) -> list[Block]:
        """Its fenced blocks, in order."""
        return [
            Block(found[1], found[2], self.text.count("\n", 0, found.start()) + 1)
            for found in _FENCE.finditer(self.text)
        ]

    def of(self, *languages: str) -> list[Block]:
        """Its blocks in some languages."""
        return [block for block in self.blocks if block.language in languages]

    @property
    def links(self) -> list[str]:
        """Where its links lead."""
        return _LINK.findall(self.prose)

    @property
    def inline(self) -> list[str]:
        """Its code within lines of prose."""
        return _INLINE.findall(self.prose)

    @cached_property
    def anchors(self) -> set[str]:
        """What links into it may name, as Git hosts derive it from headings."""
        slugs = (
            re.sub(r"[^\w\- ]", "", heading.lower()) for heading in _HEADING.findall(self.prose)
        )
        return {slug.replace(" ", "-") for slug in slugs}

    def section(self, title: str) -> str:
        """The text below a heading of the second level."""
        _, heading, rest = self.text.partition(f"\n## {title}\n")
        assert heading, f"{self.name} has no section {title!r}"
        return rest.partition("\n## ")[0]

    def rows(self, title: str) -> list[list[str]]:
        """The cells of a section's only table, without its header."""
        lines = [line for line in self.section(title).splitlines() if line.startswith("|")]
        return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


README = Page(ROOT / "README.md")
ARCHITECTURE = Page(ROOT / "docs" / "architecture.md")
PAGES = [README, *(Page(path) for path in sorted((ROOT / "docs").glob("*.md")))]
