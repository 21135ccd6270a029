"""What stands behind an incident: which keys make up the rise, and a few lines that show it.

The statistics say how much of the rise each key explains; here it is decided
what they are asked, and their statements become evidence: what the rule fixes
anyway is left out, what is true of nearly all traffic comes last. No clock.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import replace

from logmond.alerts.event import Evidence
from logmond.alerts.rule import Rule
from logmond.alerts.seam import Group, Statistics
from logmond.frame.frame import OTHER
from logmond.frame.redaction import discreet
from logmond.frame.selector import Selector
from logmond.stats.changes import BYTES, ERRORS, HITS, SLOW, Question

ERROR_METRICS = frozenset({"ratio_4xx", "ratio_5xx"})
"""Metrics whose offenders are found among the lines with status 400 and above."""

MAX_EVIDENCE = 8
"""Statements an incident keeps."""

MAX_SAMPLES = 3
"""Sample lines an incident keeps."""

SAMPLED = 25
"""Entries that reading the samples of a block costs as much as."""

MORE = 0.05
"""A section with less than this more than a path in it is hardly more than that path."""

TOLD = 3
"""Statements that stand on the line of an alert."""

# True of nearly all traffic at any time, so a large share of it says little.
_PLAIN = frozenset({"source", "method", "status"})

_SEEN = frozenset({"client", "path", "section", "status", "user_agent"})
"""Dimensions whose key a sample line shows."""

_MEANINGLESS = frozenset({OTHER, "-", ""})


Sample = tuple[str, str, str]
"""(status, section, text) of a line that is shown."""

Gathering = Generator[int, None, tuple[tuple[Evidence, ...], tuple[str, ...]]]
"""Evidence and sample lines in pieces: every `next` says how many entries it read."""


def gather(
    stats: Statistics, rule: Rule, group: Group, second: int, limit: float = 0.0
) -> Gathering:
    """The evidence and the sample lines for a group that was beyond `limit` at `second`."""
    if not rule.rising or rule.kind.kind == "ledger":
        return (), ()  # a fall is made of keys that are absent, a reject has none
    errors = rule.metric in ERROR_METRICS
    where = _of_class(rule, within(rule, group))
    question = Question(
        end=second,
        window_s=rule.window_s,
        of=_counted(rule),
        where=where,
        slower_s=limit if rule.kind.kind == "duration" else 0.0,
        pending_s=rule.for_s,
    )
    changes = yield from stats.changes(question)
    told = ordered(changes, where)
    # Of lines that show as much of what is told, the newest.
    foremost = next((one.share for one in told if one.dimension in _SEEN), 0.0)
    shown: dict[str, float] = {}
    best: list[str] = []
    for block in stats.samples(rule.window_s, errors=errors):
        yield SAMPLED
        for sample in chosen(block, where):
            shown.setdefault(sample[-1], _telling(sample, told))
        best = sorted(shown, key=lambda text: -shown[text])[:MAX_SAMPLES]
        if len(best) == MAX_SAMPLES and shown[best[-1]] >= foremost:
            break
    return told, tuple(best)


def _counted(rule: Rule) -> str:
    """What the evidence of a rule counts."""
    if rule.metric in ERROR_METRICS:
        return ERRORS
    if rule.kind.kind == "duration":
        return SLOW
    return BYTES if rule.kind.unit == "bytes" else HITS


def counted_as(rule: Rule) -> str:
    """What the shares of a rule's evidence are shares of, in words."""
    return {ERRORS: "errors", SLOW: "slow requests"}.get(_counted(rule), "rise")


def within(rule: Rule, group: Group) -> Selector:
    """What a rule and one of its groups take together."""
    if OTHER in group:
        return rule.selector
    where = dict(rule.selector.where)
    where.update({name: (value,) for name, value in zip(rule.group_by, group, strict=False)})
    return Selector(tuple(sorted(where.items())))


def ordered(changes: Iterable[Evidence], where: Selector) -> tuple[Evidence, ...]:
    """The statements worth telling, in their order; what says little of anything comes last."""
    fixed = {name for name, values in where.where if len(values) == 1}
    telling = [
        _discreet(change)
        for change in changes
        if change.key not in _MEANINGLESS and change.dimension not in fixed
    ]
    telling.sort(key=lambda change: change.dimension in _PLAIN)
    return tuple(telling[:MAX_EVIDENCE])


_STRANGERS = frozenset({"path", "section", "referrer", "user_agent"})
"""Dimensions whose keys strangers write, with what is nobody's business in them."""


def _discreet(change: Evidence) -> Evidence:
    """The statement with secrets hidden: it goes to chats and mail."""
    if change.dimension not in _STRANGERS:
        return change
    return replace(change, key=discreet(change.key, mail=change.dimension != "user_agent"))


def _of_class(rule: Rule, where: Selector) -> Selector:
    """Narrowed to the responses an error rule is about, unless it names statuses itself."""
    if rule.metric not in ERROR_METRICS or "status" in where.dimensions:
        return where
    pair = ("status", (rule.metric.removeprefix("ratio_"),))
    return Selector(tuple(sorted((*where.where, pair))))


def chosen(samples: Iterable[Sample], where: Selector) -> Iterator[Sample]:
    """The lines that `where` takes, as far as a sample tells."""
    readable = where.dimensions & {"status", "section"}
    asked = Selector(tuple(pair for pair in where.where if pair[0] in readable))
    for sample in samples:
        status, section, _ = sample
        if asked.matches({"status": status, "section": section}):
            yield sample


def _telling(sample: Sample, told: Sequence[Evidence]) -> float:
    """How much of what is told a line is an example of: the shares of what it shows."""
    status, section, text = sample
    shown = 0.0
    for one in told:
        key = one.key
        shows = {
            "section": section == key,
            "status": status == key,
            "client": text.startswith(f'{key} "'),
            "path": f' {key}" ' in text,
            "user_agent": f'"{key}"' in text,
        }
        shown += one.share if shows.get(one.dimension) else 0.0
    return shown


def statements(evidence: Iterable[Evidence]) -> str:
    """The best statement of each dimension: ``client 203.0.113.7 71%, AI bot GPTBot 64%``.

    A section that is hardly more than one path says nothing beside that path.
    """
    best: dict[str, Evidence] = {}
    for one in evidence:
        path = best.get("path")
        if one.dimension != "section" or path is None or not _is_mostly(one, path):
            best.setdefault(one.dimension, one)
    return ", ".join(_statement(one) for one in list(best.values())[:TOLD])


def _is_mostly(section: Evidence, path: Evidence) -> bool:
    inside = path.key == section.key or path.key.startswith(section.key.rstrip("/") + "/")
    return inside and section.share - path.share < MORE


def _statement(evidence: Evidence) -> str:
    who = evidence.name or f"{evidence.dimension} {_quoted(evidence.key)}"
    told = f"{who} {100 * evidence.share:.0f}%"
    most = min(1.0, evidence.share + evidence.error)
    return told if most - evidence.share < 0.005 else f"{told} (at most {100 * most:.0f}%)"


def _quoted(key: str) -> str:
    """A key as it stands, or in quotes where one could not see where it ends."""
    if not any(mark in key for mark in ' ,"'):
        return key
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
