"""What a reload changed, in words: which rules or outputs are new, changed or gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

MOST = 5
"""Names of one kind of change in a line; of a thousand rules the first ones will do."""


class Named(Protocol):
    """An item of a list of the configuration; equal ones are configured the same."""

    @property
    def name(self) -> str:
        """What it is called."""


def difference(old: Sequence[Named], new: Sequence[Named]) -> str:
    """``" (new: a, b; changed: c; gone: d)"``; "" where only the order is another."""
    before = {item.name: item for item in old}
    after = {item.name: item for item in new}
    changes = {
        "new": [name for name in after if name not in before],
        "changed": [name for name in after if name in before and after[name] != before[name]],
        "gone": [name for name in before if name not in after],
    }
    told = "; ".join(f"{kind}: {_some(names)}" for kind, names in changes.items() if names)
    return f" ({told})" if told else ""


def _some(names: Sequence[str]) -> str:
    rest = len(names) - MOST
    return ", ".join(names[:MOST]) + (f" and {rest:,} more" if rest > 0 else "")
