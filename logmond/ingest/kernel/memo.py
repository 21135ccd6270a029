"""Answers remembered for values that repeat: one dictionary look-up instead of a computation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

V = TypeVar("V")

MEMO_CAP = 4096
"""Answers remembered before all are forgotten: hostile values must not cost memory."""

KEY_CAP_BYTES = 256
"""Longer values are computed each time; what honest clients repeat is shorter."""


class Memo(dict[bytes, V]):
    """A dictionary that computes what it lacks and forgets everything when it is full.

    Emptying it at once keeps the look-up a plain dictionary access, which is
    what the speed of the kernel rests on; refilling costs no more than having
    had no memory at all.
    """

    def __init__(self, compute: Callable[[bytes], V], cap: int = MEMO_CAP) -> None:
        super().__init__()
        self._compute = compute
        self._cap = cap

    def __missing__(self, key: bytes) -> V:
        value = self._compute(key)
        if len(key) <= KEY_CAP_BYTES:
            if len(self) >= self._cap:
                self.clear()
            self[key] = value
        return value
