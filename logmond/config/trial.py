"""Rules tried out: ``--rule NAME.KEY=VALUE`` changes one, ``=20..200`` makes a variant for each.

A limit that is written by severity is changed at its mildest one. A `recover`
beyond the tried limit, and graver limits it has passed, give way to it: the
question is where the rule fires, and it is asked of limits the file knows
nothing of.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from logmond.alerts.rule import METRICS
from logmond.config import units
from logmond.config.rule import RuleConfig
from logmond.config.schema import Config
from logmond.config.shape import keys_of
from logmond.config.units import shown
from logmond.errors import ConfigError, Problem
from logmond.suggest import hint

MAX_VALUES = 200
"""Values one sweep may try: each is a rule of its own at every second."""

_WANTED = 10
"""About as many values a range without steps is cut into."""

_SIDES = ("above", "below", "above_baseline", "below_baseline")
_DURATIONS = ("window", "for", "hold")
_NICE = (1, 2, 5, 10)
_NICE_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400)
_SWEPT = re.compile(r"\.\.|,")


@dataclass(frozen=True, slots=True)
class Sweep:
    """One rule with each of several values of one key; `values` are as they are typed."""

    rule: str
    key: str
    values: tuple[str, ...]
    rules: tuple[RuleConfig, ...]

    @property
    def name(self) -> str:
        """As it was asked for: ``high-traffic.above``."""
        return f"{self.rule}.{self.key}"

    @property
    def calmer_down(self) -> bool:
        """Whether smaller values alert less: those of `below` do."""
        return self.key.startswith("below")


@dataclass(frozen=True, slots=True)
class Trial:
    """A configuration as it is tried, and what is swept beside it."""

    config: Config
    sweeps: tuple[Sweep, ...]


def tried(config: Config, options: Sequence[str]) -> Trial:
    """The configuration with every ``--rule`` applied, ranges as sweeps.

    Raises:
        ConfigError: an option names nothing, or a rule cannot work with it.
    """
    swept = []
    for option in options:
        name, key, text = _parts(option)
        if _SWEPT.search(text):
            swept.append((option, name, key, text))
        else:
            rule = changed(config, option, name, key, text)
            rules = tuple(rule if each.name == rule.name else each for each in config.rules)
            config = config.model_copy(update={"rules": rules})
    return Trial(config, tuple(_sweep(config, *one) for one in swept))


def changed(config: Config, option: str, name: str, key: str, text: str) -> RuleConfig:
    """One rule with another value for one key.

    Raises:
        ConfigError: there is no such rule or key, or the rule cannot work so.
    """
    rule = _named(config, option, name)
    known = [each for each in keys_of(RuleConfig) if each != "name"]
    first, _, severity = key.partition(".")
    if first not in known:
        raise _wrong(option, f"unknown key {shown(first)}{hint(first, known)}")
    data = rule.model_dump(mode="json", by_alias=True, exclude_unset=True)
    data[first] = _laid(data.get(first), severity, text)
    if first in _SIDES and not severity:
        _give_way(data, rule, first, text)
    try:
        return RuleConfig.model_validate(data, context={"labels": frozenset(config.stats.labels)})
    except ValidationError as error:
        told = error.errors()[0]
        message = str(told.get("ctx", {}).get("text") or told["msg"])
        place = ".".join(str(part) for part in told["loc"]) or first
        raise _wrong(option, f"{place}: {message}") from None


def _parts(option: str) -> tuple[str, str, str]:
    path, mark, text = option.partition("=")
    name, dot, key = path.strip().partition(".")
    if not (mark and dot and key and text.strip()):
        raise _wrong(option, "must be NAME.KEY=VALUE, for example high-traffic.above=20..200")
    return name, key, text.strip()


def _named(config: Config, option: str, name: str) -> RuleConfig:
    for rule in config.rules:
        if rule.name == name:
            return rule
    raise _wrong(option, f"no rule {shown(name)}{hint(name, [rule.name for rule in config.rules])}")


def _laid(before: Any, severity: str, text: str) -> Any:
    """A value in the place of another; in the place of limits by severity, of the mildest."""
    if severity:
        return {**(before if isinstance(before, dict) else {}), severity: text}
    if isinstance(before, dict) and before:
        return {**before, next(iter(before)): text}
    return text


def _give_way(data: dict[str, Any], rule: RuleConfig, side: str, text: str) -> None:
    """Take out what a tried limit has passed: graver limits, and the value that clears it."""
    scale = _scale(rule, side)
    sign = 1 if side.startswith("above") else -1

    def beyond(other: Any) -> bool:
        try:
            return sign * scale.read(str(other)) > sign * scale.read(text)
        except ValueError:
            return False  # what cannot be read is told where the rule is checked

    if isinstance(data[side], dict):
        mildest, *graver = data[side].items()
        data[side] = dict([mildest, *(one for one in graver if beyond(one[1]))])
    if "recover" in data and beyond(data["recover"]):
        del data["recover"]


def _sweep(config: Config, option: str, name: str, key: str, text: str) -> Sweep:
    rule = _named(config, option, name)
    first = key.partition(".")[0]
    known = [*_SIDES, "recover", *_DURATIONS, "min_hits"]
    if first not in known:
        raise _wrong(option, f"{shown(first)} has no range{hint(first, known)}")
    try:
        values = tuple(dict.fromkeys(_values(_scale(rule, first), text)))
    except ValueError as error:
        raise _wrong(option, str(error)) from None
    rules = tuple(changed(config, option, name, key, value) for value in values)
    return Sweep(name, key, values, rules)


def _values(scale: _Scale, text: str) -> Iterator[str]:
    """Every value that a list or a range means, as it is typed."""
    if "," in text:
        values = [value.strip() for value in text.split(",")]
        if len(values) > MAX_VALUES:
            raise ValueError(f"tries {len(values)} values; at most {MAX_VALUES} are tried")
        yield from values
        return
    ends, slash, pace = text.partition("/")
    begin_text, _, end_text = ends.partition("..")
    begin_text, end_text = begin_text.strip(), end_text.strip()
    if re.fullmatch(r"[\d.]+", begin_text):
        begin_text += re.sub(r"^[\d.]+", "", end_text)  # 1..10% means 1%..10%
    begin, end = scale.read(begin_text), scale.read(end_text)
    step = scale.read(pace.strip()) if slash else scale.nice(end - begin)
    if end <= begin or step <= 0:
        raise ValueError(f"{shown(text)} is no range; write it from the smaller to the larger")
    if (end - begin) / step >= MAX_VALUES:
        raise ValueError(f"{shown(text)} is more than {MAX_VALUES} values; give larger steps")
    value = begin
    while value < end:
        yield scale.write(value)
        value += step
    yield scale.write(end)


@dataclass(frozen=True, slots=True)
class _Scale:
    """How values of a key are read and written, and what steps people like."""

    reader: Callable[[str], float]
    writer: Callable[[Any], str]
    is_time: bool = False
    least: Decimal = Decimal(0)

    def read(self, text: str) -> Decimal:
        return Decimal(repr(self.reader(text)))

    def write(self, value: Decimal) -> str:
        whole = value == value.to_integral_value()
        return self.writer(int(value) if whole else float(value))

    def nice(self, length: Decimal) -> Decimal:
        """A step that cuts a length into about `_WANTED`."""
        wanted = length / _WANTED
        if wanted <= 0:
            return Decimal(1)
        if self.is_time and wanted >= 1:
            return Decimal(next((step for step in _NICE_S if step >= wanted), _NICE_S[-1]))
        power = Decimal(10) ** wanted.adjusted()
        step = next(power * each for each in _NICE if power * each >= wanted)
        return max(step, self.least)


def _scale(rule: RuleConfig, key: str) -> _Scale:
    """That of a key of a rule; limits are in the unit of its metric, or in times the usual."""
    unit = METRICS[rule.metric].unit
    if key in _DURATIONS:
        return _Scale(units.duration, units.duration_text, is_time=True, least=Decimal(1))
    if key == "min_hits":
        return _Scale(units.number, units.number_text, least=Decimal(1))
    if key.endswith("_baseline") or (key == "recover" and rule.build().baseline):
        return _Scale(_times, lambda value: f"{units.number_text(value)}x")
    if unit == "count":
        return _Scale(units.number, units.number_text, least=Decimal(1))
    if unit == "rate":
        return _Scale(units.number, units.number_text)
    if unit == "share":
        return _Scale(units.fraction, units.fraction_text)
    if unit == "seconds":
        return _Scale(units.duration, units.duration_text, is_time=True)
    return _Scale(units.size, units.size_text, least=Decimal(1))


def _times(text: str) -> float:
    return units.number(text.strip().removesuffix("x"))


def _wrong(option: str, message: str) -> ConfigError:
    return ConfigError([Problem("--rule", option, message)])
