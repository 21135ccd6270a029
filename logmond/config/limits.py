"""Limits of a rule, read and written in the unit of the rule's metric."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import GetCoreSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from logmond.alerts.rule import METRICS, SEVERITIES, Limits
from logmond.config import units
from logmond.config.scalars import PROBLEM, Kind, located
from logmond.config.units import shown
from logmond.suggest import hint

_READ: dict[str, Callable[[object], float]] = {
    "count": units.number,
    "rate": units.number,
    "bytes": units.size,
    "share": units.fraction,
    "seconds": units.duration,
    "times": units.multiple,
}

_WRITE: dict[str, Callable[[Any], str]] = {
    "count": units.number_text,
    "rate": units.number_text,
    "bytes": units.size_text,
    "share": units.fraction_text,
    "seconds": units.duration_text,
    "times": units.multiple_text,
}


class Limit(Kind):
    """One limit, in times the usual value where the rule has a baseline.

    The rule's metric and baselines must stand before it among the fields of the model.
    """

    described = "value in the metric's unit"

    def unit(self, metric: str, values: Mapping[str, Any]) -> str:
        """The unit it is typed in, beside these other values of the rule."""
        baseline = any(values.get(key) is not None for key in ("above_baseline", "below_baseline"))
        return "times" if baseline else METRICS[metric].unit

    def read_as(self, unit: str, value: Any) -> Any:
        """The limit in the base unit."""
        if isinstance(value, dict | list):
            raise ValueError(f"must be one value, not {shown(value)}")
        return float(_READ[unit](value))

    def show_as(self, unit: str, value: Any) -> Any:
        """The limit as it is typed."""
        return _typed(unit, value)

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Read and dumped with the metric at hand."""
        return core_schema.with_info_plain_validator_function(
            self._checked_with,
            serialization=core_schema.plain_serializer_function_ser_schema(
                self._shown_with, is_field_serializer=True, when_used="json"
            ),
        )

    def _checked_with(self, value: Any, info: ValidationInfo) -> Any:
        metric = METRICS.get(info.data.get("metric", ""))
        if metric is None:
            return None  # the metric is the problem, and told as such
        if value is None:
            raise PydanticCustomError(PROBLEM, "has no value; remove the key for its default")
        try:
            return self.read_as(self.unit(metric.name, info.data), value)
        except PydanticCustomError:
            raise
        except ValueError as error:
            if hasattr(error, "errors"):
                raise
            raise PydanticCustomError(PROBLEM, "{text}", {"text": str(error)}) from None

    def _shown_with(self, model: Any, value: Any) -> Any:
        unit = None if value is None else self.unit(model.metric, vars(model))
        return None if unit is None else self.show_as(unit, value)


class LimitBySeverity(Limit):
    """A limit, or a mapping of severity to limit: `Limits`, the mildest first.

    A limit without a severity has an empty one.
    """

    described = "value in the metric's unit, or severity → value"
    keys = SEVERITIES

    def unit(self, metric: str, values: Mapping[str, Any]) -> str:
        """That of the metric, whatever else is given."""
        return METRICS[metric].unit

    def read_as(self, unit: str, value: Any) -> Limits:
        """Every limit, or every problem at its severity."""
        if not isinstance(value, dict):
            return (("", super().read_as(unit, value)),)
        limits, wrong = {}, []
        if not value:
            raise ValueError(f"is empty; name a limit for {' or '.join(SEVERITIES)}")
        for severity, limit in value.items():
            try:
                if severity not in SEVERITIES:
                    raise ValueError(f"unknown severity{hint(severity, SEVERITIES)}")
                limits[severity] = super().read_as(unit, limit)
            except ValueError as error:
                wrong.append(((severity,), str(error)))
        if wrong:
            raise located(wrong)
        return tuple(sorted(limits.items(), key=lambda item: SEVERITIES.index(item[0])))

    def show_as(self, unit: str, value: Any) -> Any:
        """The value, or the mapping."""
        if value[0][0] == "":
            return _typed(unit, value[0][1])
        return {severity: _typed(unit, limit) for severity, limit in value}


class MultipleBySeverity(LimitBySeverity):
    """The same in times the usual value."""

    described = "multiple, or severity → multiple"

    def unit(self, metric: str, values: Mapping[str, Any]) -> str:
        """Always times, whatever else is given."""
        return "times"


def _typed(unit: str, value: float) -> Any:
    """Text where the unit shows, a plain number where there is none."""
    if unit in ("count", "rate"):
        return int(value) if value == int(value) else value
    return _WRITE[unit](int(value) if unit == "bytes" else value)
