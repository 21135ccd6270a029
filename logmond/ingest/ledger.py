"""What every source must count, so that nothing is lost in silence.

The unit is a message after framing. At every tick
``received = counted + filtered + unparsed + oversize + cut``. No clock.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field

MAX_SAMPLES = 3
"""Samples kept of each kind of reject, the newest."""

SAMPLE_BYTES = 300
"""Bytes kept of a sample."""

OUTCOMES = ("counted", "filtered", "unparsed", "oversize", "cut")
"""What becomes of a received message: exactly one of these."""

SUBSETS = ("late", "skewed", "truncated_suspect", "repeated")
"""Properties of counted messages; `repeated` is how many were announced, not sent."""


@dataclass(slots=True)
class Ledger:
    """The account of one source since its state began.

    `totals` holds every counter of `OUTCOMES` and `SUBSETS`, plus ``received``
    and ``kernel_drops``. `filtered` splits the filtered messages by reason.
    `samples` keeps the newest raw rejects by kind.
    """

    totals: Counter[str] = field(default_factory=Counter)
    filtered: Counter[str] = field(default_factory=Counter)
    samples: dict[str, deque[bytes]] = field(default_factory=dict)
    last_line_at: float | None = None
    rejects_since_good: int = 0

    def counted(self, lines: int, now: float) -> None:
        """`lines` messages were received and counted."""
        self.totals["received"] += lines
        self.totals["counted"] += lines
        if lines:
            self.last_line_at = now
            self.rejects_since_good = 0

    def reject(
        self, outcome: str, sample: bytes = b"", messages: int = 1, reason: str = ""
    ) -> None:
        """`messages` were received and not counted, `outcome` being one of `OUTCOMES`.

        `reason` names why a message was filtered ("tag", "error log", "notice").
        """
        self.totals["received"] += messages
        self.totals[outcome] += messages
        if outcome == "filtered":
            self.filtered[reason] += messages
        else:
            self.rejects_since_good += messages
        kind = reason or outcome
        if sample:
            self.samples.setdefault(kind, deque(maxlen=MAX_SAMPLES)).append(sample[:SAMPLE_BYTES])

    def note(self, subset: str, messages: int = 1) -> None:
        """`messages` of the counted ones have the property `subset`."""
        if messages:
            self.totals[subset] += messages

    @property
    def balanced(self) -> bool:
        """Every received message has exactly one outcome."""
        return self.totals["received"] == sum(self.totals[name] for name in OUTCOMES)
