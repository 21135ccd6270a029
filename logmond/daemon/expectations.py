"""What ``--expect`` asks of a backtest: ``none``, ``3``, ``1..5``, or ``RULE=`` one of them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from logmond.errors import ConfigError, Problem
from logmond.interfaces.outcome import Expectation, RuleOutcome
from logmond.suggest import hint

_WANTED = re.compile(
    r"(?:(?P<rule>[^=]+)=)?(?:none|(?P<least>\d{1,9})(?P<to>\.\.(?P<most>\d{0,9}))?)"
)


@dataclass(frozen=True, slots=True)
class Expected:
    """How often a rule (None: all of them together) may fire; `most` None is any number."""

    rule: str | None
    wanted: str
    least: int
    most: int | None

    def met(self, rules: Sequence[RuleOutcome]) -> Expectation:
        """Whether it holds; of rules of which none was tested nothing does."""
        meant = [one for one in rules if self.rule in (None, one.rule)]
        fired = sum(one.count.fired for one in meant)
        why = meant[0].not_tested if meant and all(one.not_tested for one in meant) else ""
        held = self.least <= fired and (self.most is None or fired <= self.most)
        return Expectation(self.rule, self.wanted, fired, held and not why, why)


def expected(options: Sequence[str], rules: Collection[str]) -> list[Expected]:
    """Read every ``--expect``.

    Raises:
        ConfigError: one cannot be read, or names no rule.
    """
    return [_read(option, rules) for option in options]


def _read(option: str, rules: Collection[str]) -> Expected:
    match = _WANTED.fullmatch(option.strip())
    if match is None:
        message = "must be none, a number, N..M or RULE=one of them, for example errors=none"
        raise ConfigError([Problem("--expect", option, message)])
    rule, least, most = match["rule"], int(match["least"] or 0), match["most"]
    if rule is not None and rule not in rules:
        raise ConfigError([Problem("--expect", option, f"no rule {rule!r}{hint(rule, rules)}")])
    if not match["to"]:
        return Expected(rule, option.rpartition("=")[2], least, least)
    if most and int(most) < least:
        message = f"can never hold; write, for example, {int(most)}..{least}"
        raise ConfigError([Problem("--expect", option, message)])
    return Expected(rule, option.rpartition("=")[2], least, int(most) if most else None)
