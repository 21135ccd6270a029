"""One item of ``rules``, as it is typed; `build` gives the rule that alerts are made by.

Limits are read in the unit of the metric: ``5%`` for a ratio, ``500ms`` for a
duration, ``1MiB`` for bytes. What makes a rule possible at all is known by
`logmond.alerts.rule`; here its answers are put at the keys they belong to.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Self

from pydantic import Field, ValidationInfo, model_validator

from logmond.alerts.rule import METRICS, SEVERITIES, Limits, Rule, problems
from logmond.alerts.summary import summary_problem
from logmond.config.limits import Limit, LimitBySeverity, MultipleBySeverity
from logmond.config.scalars import Choice, Count, Kind, Listed, Seconds, Text, Word, located
from logmond.config.section import Section
from logmond.config.units import shown
from logmond.frame.frame import CELL_DIMENSIONS, TOP_DIMENSIONS
from logmond.frame.selector import Selector
from logmond.suggest import hint

_SIDES = ("above", "below", "above_baseline", "below_baseline")


class Where(Kind):
    """Conditions: dimension → value, or list of values of which any may match."""

    described = "dimension → value or list of values"
    keys = ()

    def read(self, value: Any) -> Selector:
        """The selector; whether its dimensions exist is asked once all labels are known."""
        if isinstance(value, Selector):
            return value
        if not isinstance(value, dict):
            raise ValueError(f"must be a mapping of dimension: value, not {shown(value)}")
        wrong: list[tuple[tuple[str | int, ...], str]] = []
        for dimension, wanted in value.items():
            if isinstance(wanted, list) and not wanted:
                wrong.append(((dimension,), "is an empty list, which nothing matches"))
            for index, item in enumerate(wanted if isinstance(wanted, list) else [wanted]):
                place = (dimension, index) if isinstance(wanted, list) else (dimension,)
                number = isinstance(item, int) and not isinstance(item, bool)
                if not number and not (isinstance(item, str) and item):
                    wrong.append((place, f"must be text, not {shown(item)}"))
        if wrong:
            raise located(wrong)
        return Selector.of(value)

    def show(self, value: Any) -> dict[str, Any]:
        """The mapping, single values without brackets."""
        return {
            dimension: values[0] if len(values) == 1 else list(values)
            for dimension, values in value.where
        }


class RuleConfig(Section):
    """What is watched, over which window, and beyond which limit somebody is told."""

    name: Annotated[str, Word()] = Field(description="Its name everywhere else.")
    metric: Annotated[str, Choice("metric", METRICS)] = Field(description="What is watched.")
    where: Annotated[Selector, Where()] = Field(
        Selector(),
        description="Only lines that match: literal text, `*` and `?` as wildcards, and for "
        "`status` also `2xx` … `5xx`.",
    )
    group_by: Annotated[tuple[str, ...], Listed(Text("dimension"))] = Field(
        (), description="Watch each value of these dimensions on its own."
    )
    window_s: Annotated[int, Seconds()] = Field(
        120,
        alias="window",
        description="The span the value is taken over: 1s to 1h; over 5m in steps of 10s.",
    )
    severity: Annotated[str, Choice("severity", SEVERITIES)] = Field(
        "warning", description="What a limit without a severity of its own is worth."
    )
    above: Annotated[Limits | None, LimitBySeverity()] = Field(
        None,
        description="Fires while the value is greater: a limit, or one for each severity. Exactly "
        "one of `above`, `below`, `above_baseline` and `below_baseline` is given.",
    )
    below: Annotated[Limits | None, LimitBySeverity()] = Field(
        None, description="Fires while the value is smaller."
    )
    above_baseline: Annotated[Limits | None, MultipleBySeverity()] = Field(
        None,
        description="Fires while the value is greater than so many times the usual, `3x`: the "
        "median of single minutes around the same local time on the last 14 days, or of the "
        "last 3 hours while fewer than 3 days are known.",
    )
    below_baseline: Annotated[Limits | None, MultipleBySeverity()] = Field(
        None, description="Fires while it is smaller than such a multiple, `0.3x`."
    )
    recover: Annotated[float | None, Limit()] = Field(
        None,
        description="The value, or the multiple, that clears it; by default the limit itself.",
    )
    for_s: Annotated[int, Seconds(0, 86400)] = Field(
        0, alias="for", description="How long it must be beyond the limit before it fires."
    )
    hold_s: Annotated[int, Seconds(0, 86400)] = Field(
        30, alias="hold", description="How long it must be clear before it has recovered."
    )
    min_hits: Annotated[int, Count()] = Field(
        0,
        description="With fewer requests in the window a ratio or percentile says nothing, and "
        "nothing is above its baseline; with fewer usual ones, nothing is below it. By default it "
        "is 20 a minute of the window, and at least 20, for ratios and percentiles; one a second "
        "of it for a rule with a baseline.",
    )
    no_data: Annotated[str, Choice("no_data", ("ignore", "alert"))] = Field(
        "ignore", description="`alert` fires when nothing parsed arrived for the window."
    )
    summary: Annotated[str | None, Text()] = Field(
        None, description="A sentence of your own in place of the built-in one."
    )
    runbook: Annotated[str | None, Text()] = Field(
        None, description="Where it says what to do; comes with every event."
    )

    @property
    def baseline(self) -> bool:
        """Whether its limits are multiples of what is usual."""
        return self.above_baseline is not None or self.below_baseline is not None

    def build(self) -> Rule:
        """The rule as the alerts service steps it."""
        return Rule(
            name=self.name,
            metric=self.metric,
            selector=self.where,
            group_by=self.group_by,
            window_s=self.window_s,
            above=_named(self.above or self.above_baseline, self.severity),
            below=_named(self.below or self.below_baseline, self.severity),
            baseline=self.baseline,
            recover=self.recover,
            for_s=self.for_s,
            hold_s=self.hold_s,
            min_hits=self.min_hits,
            no_data=self.no_data,
            severity=self.severity,
            summary=self.summary,
            runbook=self.runbook,
        )

    @property
    def _enough(self) -> int:
        """Requests that say something, where the operator does not: one of five is not 20%."""
        if self.baseline:
            return self.window_s
        if METRICS[self.metric].kind in ("ratio", "duration"):
            return max(20, self.window_s // 3)
        return 0

    @model_validator(mode="after")
    def _can_work(self, info: ValidationInfo) -> Self:
        """Ask `alerts.rule` with the labels of this configuration, which stand in the context."""
        if "min_hits" not in self.model_fields_set:
            # A default made of other values; the model is frozen from here on.
            self.__dict__["min_hits"] = self._enough
        labels: frozenset[str] = (info.context or {}).get("labels", frozenset())
        wrong = list(self._unknown_dimensions(labels))
        given = [key for key in _SIDES if getattr(self, key) is not None]
        if len(given) > 1:
            listed = f"{', '.join(_SIDES[:-1])} and {_SIDES[-1]}"
            wrong.append(((given[0],), f"give exactly one of {listed}"))
        if not wrong:
            built = self.build()
            wrong = [((key,), message) for key, message in problems(built, labels)]
            unfilled = summary_problem(built)
            if unfilled is not None:
                wrong.append((("summary",), unfilled))
        if wrong:
            raise located(wrong)
        return self

    def _unknown_dimensions(
        self, labels: frozenset[str]
    ) -> Iterator[tuple[tuple[str | int, ...], str]]:
        known = (*CELL_DIMENSIONS, *sorted(labels))
        used: list[tuple[tuple[str | int, ...], str]] = [
            (("where", dimension), dimension) for dimension in self.where.dimensions
        ]
        used += [(("group_by", index), name) for index, name in enumerate(self.group_by)]
        for place, name in used:
            if name in TOP_DIMENSIONS:
                yield place, f"only the most frequent are kept; a rule can use {', '.join(known)}"
            elif name not in known:
                yield place, f"unknown dimension {shown(name)}{hint(name, known)}"


def _named(limits: Limits | None, severity: str) -> Limits | None:
    """The limits with the rule's own severity where none was written."""
    if limits is None:
        return None
    return tuple((name or severity, limit) for name, limit in limits)
