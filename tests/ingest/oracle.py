"""Brute force: which incidents a rule must raise over given lines, by naive sums.

It reads lines in nginx's combined form (anything may follow), takes rules as
they are written in the configuration file, and goes second by second through
DESIGN's table of states, adding up the whole window anew each time. Slow and
plain on purpose: nothing here is shared with what it checks. Durations,
distinct clients and ledger metrics are beyond it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

LINE = re.compile(
    r'(?P<client>\S+) \S+ \S+ \[[^\]]+\] "(?P<method>\S+) (?P<uri>\S+)[^"]*"'
    r' (?P<status>\d{3}) (?P<bytes>\d+|-)(?: "[^"]*" "(?P<user_agent>[^"]*)")?'
)
UNITS = {"s": 1, "m": 60, "h": 3600}
GRAVITY = {"info": 0, "warning": 1, "critical": 2}


@dataclass(frozen=True)
class Found:
    """One incident; the peaks are (value, second), the ends None while it is open.

    `value` is the value at the trigger, `first_severity` what it began with;
    `severity` and `limit` are the gravest it reached.
    """

    rule: str
    group: tuple[str, ...]
    first_severity: str
    severity: str
    limit: float
    triggered_at: int
    value: float
    peak_requests: tuple[int, int] = (0, 0)
    peak_value: tuple[float, int] = (0.0, 0)
    recovered_at: int | None = None
    recovered_value: float | None = None


def incidents(
    lines: Iterable[tuple[int, bytes]],
    rule: Mapping[str, Any],
    *,
    first: int,
    last: int,
    unobserved: Iterable[tuple[int, int]] = (),
    labels: Mapping[str, Any] | None = None,
) -> list[Found]:
    """The incidents of a rule when seconds `first` to `last` are evaluated, by trigger.

    Args:
        lines: (epoch second, line); those before `first` are in the windows too.
        rule: as in the configuration file.
        unobserved: (first, last) spans that nobody watched. A window that holds
            one is partial: it may fire an `above` rule and does nothing else.
        labels: as in the configuration file.
    """
    group_by = tuple(rule.get("group_by", ()))
    seconds: dict[tuple[str, ...], dict[int, list[dict[str, str]]]] = {}
    if not group_by:
        seconds[()] = defaultdict(list)
    for second, line in lines:
        hit = read(line, labels or {})
        if all(_matches(d, want, hit) for d, want in rule.get("where", {}).items()):
            group = tuple(hit[dimension] for dimension in group_by)
            seconds.setdefault(group, defaultdict(list))[second].append(hit)
    dark = {second for a, b in unobserved for second in range(a, b + 1)}
    found: list[Found] = []
    for group in sorted(seconds):
        found += _follow(Terms(rule), group, seconds[group], range(first, last + 1), dark)
    return sorted(found, key=lambda one: (one.triggered_at, one.group))


def read(line: bytes, labels: Mapping[str, Any]) -> dict[str, str]:
    """The dimensions of a line."""
    found = LINE.match(line.decode())
    assert found, line
    hit = found.groupdict(default="-")
    path = hit["uri"].split("?")[0]
    hit["section"] = "/" + path.split("/")[1]
    hit["vhost"] = "-"
    for label, spec in labels.items():
        hit[label] = "-"
        for value, texts in spec["contains"].items():
            if hit[label] == "-" and any(
                text.lower() in hit[spec["field"]].lower() for text in texts
            ):
                hit[label] = value
    return hit


def _matches(dimension: str, wanted: Any, hit: Mapping[str, str]) -> bool:
    for pattern in wanted if isinstance(wanted, list) else [wanted]:
        text = str(pattern)
        if dimension == "status" and text.endswith("xx"):
            text = text[0] + "??"
        if fnmatchcase(hit[dimension], text):
            return True
    return False


def _seconds(text: Any) -> int:
    return int(text) if str(text).isdigit() else int(text[:-1]) * UNITS[text[-1]]


def _number(limit: Any) -> float:
    return float(limit[:-1]) / 100 if str(limit).endswith("%") else float(limit)


def _value(metric: str, hits: list[dict[str, str]], span_s: int) -> float | None:
    """The metric over some hits, None for a share of nothing."""
    if metric == "hits":
        return len(hits)
    if metric == "hits_per_second":
        return len(hits) / span_s
    if metric == "bytes_per_second":
        return sum(int(hit["bytes"]) for hit in hits if hit["bytes"] != "-") / span_s
    bad = sum(hit["status"][0] == metric[len("ratio_")] for hit in hits)
    return bad / len(hits) if hits else None


class Terms:
    """A rule as numbers, and what it says about one window."""

    def __init__(self, rule: Mapping[str, Any]) -> None:
        self.name, self.metric, self.above = rule["name"], rule["metric"], "above" in rule
        limits = rule["above"] if self.above else rule["below"]
        if not isinstance(limits, Mapping):
            limits = {rule.get("severity", "warning"): limits}
        self.limits = {severity: _number(limit) for severity, limit in limits.items()}
        self.recover = _number(rule.get("recover", min(self.limits.values(), key=self._gravity)))
        self.window_s, self.for_s = _seconds(rule.get("window", "2m")), _seconds(rule.get("for", 0))
        self.hold_s = _seconds(rule.get("hold", 30))
        self.min_hits = max(1, int(rule.get("min_hits", 0)))

    def _gravity(self, limit: float) -> float:
        return limit if self.above else -limit

    def read(
        self, hits: list[dict[str, str]], missing: int
    ) -> tuple[float | None, list[str], bool, bool]:
        """The value, the limits it is beyond (mildest first), whether it is clear, and usable."""
        value = _value(self.metric, hits, self.window_s)
        thin = self.metric.startswith("ratio") and len(hits) < self.min_hits
        if value is None or thin or missing >= self.window_s:
            return value, [], False, False
        beyond = [
            severity
            for severity, limit in self.limits.items()
            if self._gravity(value) > self._gravity(limit)
        ]
        if missing and not (beyond and self.above):
            return value, [], False, False
        clear = not beyond and self._gravity(value) <= self._gravity(self.recover)
        return value, beyond, clear, True


def _follow(
    terms: Terms,
    group: tuple[str, ...],
    seconds: Mapping[int, list[dict[str, str]]],
    evaluated: range,
    dark: set[int],
) -> list[Found]:
    """One group through DESIGN's table of states."""
    state, held, clear_for, blind_for = "quiet", Counter[str](), 0, 0
    found: list[Found] = []
    incident: Found | None = None
    for now in evaluated:
        span = range(now - terms.window_s + 1, now + 1)
        hits = [hit for second in span for hit in seconds.get(second, ())]
        value, beyond, clear, usable = terms.read(hits, sum(second in dark for second in span))
        # Counts go on only in seconds that can tell; the first second of a run is its zero.
        if usable:
            held = Counter({severity: held[severity] + 1 for severity in beyond})
            clear_for, blind_for = (clear_for + 1 if clear else 0), 0
        else:
            blind_for += 1
        ripe = [severity for severity in terms.limits if held[severity] > terms.for_s]

        if state in ("quiet", "pending"):
            if beyond:
                state = "firing" if ripe else "pending"
            elif usable or blind_for > terms.window_s + terms.for_s:
                state, held = "quiet", Counter()
        elif clear:
            state = "recovered" if clear_for > terms.hold_s else "clearing"
        elif usable:
            state = "firing"
        elif blind_for > max(3600, 2 * terms.window_s):
            state = "expired"

        if incident is None and state == "firing":
            assert value is not None
            incident = Found(terms.name, group, ripe[-1], ripe[-1], 0.0, now, value)
        if incident is not None and ripe and GRAVITY[ripe[-1]] > GRAVITY[incident.severity]:
            incident = replace(incident, severity=ripe[-1])
        if state in ("recovered", "expired"):
            assert incident is not None
            if state == "recovered":
                incident = replace(incident, recovered_at=now, recovered_value=value)
            found.append(_with_peaks(incident, terms, seconds, now))
            state, held, incident = "quiet", Counter(), None
    if incident is not None:
        found.append(_with_peaks(incident, terms, seconds, evaluated[-1]))
    return found


def _with_peaks(
    incident: Found, terms: Terms, seconds: Mapping[int, list[dict[str, str]]], end: int
) -> Found:
    """The incident with its largest single seconds, of equal ones the first."""
    requests: tuple[int, int] = (-1, 0)
    peak: tuple[float, int] = (-1.0, 0)
    for second in range(incident.triggered_at - terms.window_s + 1, end + 1):
        hits = seconds.get(second, [])
        if len(hits) > requests[0]:
            requests = (len(hits), second)
        single = _value(terms.metric, hits, 1)
        if single is not None and single > peak[0]:
            peak = (single, second)
    return replace(
        incident,
        limit=terms.limits[incident.severity],
        peak_requests=requests,
        peak_value=peak,
    )
