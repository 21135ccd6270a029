"""Whom a notifier speaks for: what they want to hear, and how patiently it is brought to them.

Plain data; `logmond.outputs.desk` and `logmond.outputs.delivery` act on it.
"""

from __future__ import annotations

from dataclasses import dataclass

from logmond.alerts.rule import SEVERITIES
from logmond.frame.selector import match


@dataclass(frozen=True, slots=True)
class Audience:
    """What somebody is told.

    Args:
        min_severity: what an incident must be worth.
        recovered: ends of what was told are told, too.
        repeat_s: evaluated seconds between two reminders of what still fires;
            None for never.
        wait_s: evaluated seconds that groups of one rule are gathered for.
        rules: names or globs of rules; empty for all.
        remind_acknowledged: reminders go on after an acknowledgement, as
            a receiver needs that forgets what it does not hear again.
    """

    min_severity: str = "warning"
    recovered: bool = True
    repeat_s: int | None = 4 * 3600
    wait_s: int = 5
    rules: tuple[str, ...] = ()
    remind_acknowledged: bool = False

    def hears(self, rule: str, severity: str) -> bool:
        """Whether an incident of this rule and severity is theirs to know."""
        grave = SEVERITIES.index(severity) >= SEVERITIES.index(self.min_severity)
        return grave and (not self.rules or any(match("rule", name, rule) for name in self.rules))


@dataclass(frozen=True, slots=True)
class Terms:
    """How they are told: seconds one attempt may take, messages that may wait."""

    timeout_s: float = 15.0
    max_queue: int = 1000
