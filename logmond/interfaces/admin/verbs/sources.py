"""Where lines come from and what became of them: `sources`, `loss`, `samples`, `parse`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from logmond.errors import QueryError
from logmond.ingest.ledger import OUTCOMES, SUBSETS
from logmond.interfaces.admin.answer import Answer
from logmond.interfaces.admin.command import Asked, Command
from logmond.interfaces.admin.text import rate
from logmond.interfaces.admin.words import quoted
from logmond.interfaces.surface import SourceStatus
from logmond.suggest import meant
from logmond.telemetry import moment, span

COUNTERS = ("received", *OUTCOMES, *SUBSETS, "kernel_drops")


def run_sources(asked: Asked) -> Answer:
    """``sources [NAME]``."""
    found = _chosen(asked.surface.sources(), asked.words)
    return Answer([_source_data(source) for source in found], _lines(found, asked.surface.now()))


def run_loss(asked: Asked) -> Answer:
    """``loss [NAME]``."""
    found = _chosen(asked.surface.sources(), asked.words)
    data = {
        "received": sum(source.received for source in found),
        "lost": sum(source.lost for source in found),
        "balanced": all(source.received == source.outcomes for source in found),
        "sources": [
            {
                "name": source.name,
                **{name: getattr(source, name) for name in COUNTERS},
                "filtered_by": dict(source.filtered_by),
                "lost": source.lost,
                "balanced": source.received == source.outcomes,
                "notes": list(source.notes),
            }
            for source in found
        ],
    }
    return Answer(data, _loss_lines(found))


def run_samples(asked: Asked) -> Answer:
    """``samples SOURCE``."""
    if len(asked.words) != 1:
        raise SAMPLES.wrong()
    name = _chosen(asked.surface.sources(), asked.words)[0].name
    found = asked.surface.samples(name)
    lines = [f"{sample.kind}: {sample.text}" for sample in found]
    data = [{"kind": sample.kind, "text": sample.text} for sample in found]
    return Answer(data, lines or [f'no lines from {name} yet: see "sources {name}"'])


def run_parse(asked: Asked) -> Answer:
    """``parse LINE``."""
    if not asked.raw:
        raise PARSE.wrong("which line?")
    told, record = asked.surface.parse(asked.raw)
    return Answer(record, told.splitlines())


def _chosen(sources: Sequence[SourceStatus], words: Sequence[str]) -> Sequence[SourceStatus]:
    """All sources, or the one that is named."""
    if not words:
        return sources
    name = words[0]
    found = [source for source in sources if source.name == name]
    found = found or [source for source in sources if source.name.lower() == name.lower()]
    if len(words) > 1 or not found:
        known = [source.name for source in sources]
        hint = meant(name, known) or f"; there are {', '.join(known) or 'none'}"
        raise QueryError("unknown_source", f"no source {quoted(' '.join(words))}{hint}")
    return found[:1]


def _source_data(source: SourceStatus) -> dict[str, object]:
    last = source.last_line_at
    return {
        "name": source.name,
        "address": source.address,
        "state": source.state,
        **{name: getattr(source, name) for name in COUNTERS},
        "lag_s": source.lag_s,
        "lines_per_second": source.lines_per_second,
        "last_line_at": None if last is None else moment(last),
        "samples": {kind: list(lines) for kind, lines in source.samples.items()},
    }


def _lines(sources: Sequence[SourceStatus], now: float) -> Iterator[str]:
    if not sources:
        yield "no sources are configured"
    for source in sources:
        yield f"{source.name}  {source.address}"
        yield f"  {source.state}{': ' + source.reason if source.reason else ''}"
        flow = f"{rate(source.lines_per_second)} lines/s"
        if source.last_line_at is None:
            yield f"  {flow}, no lines yet"
        else:
            behind = source.lag_s or 0
            lag = f", stamps {span(behind)} behind" if behind >= 1 else ""
            age = max(0.0, now - source.last_line_at)
            yield f"  {flow}, last line {span(age)} ago{lag}"
        yield from _account(source)
        for note in source.notes:
            yield f"  {note}"
        for kind, samples in source.samples.items():
            for sample in samples:
                yield f"  {kind}: {sample}"


def _loss_lines(sources: Sequence[SourceStatus]) -> Iterator[str]:
    lost = sum(source.lost for source in sources)
    received = sum(source.received for source in sources)
    yield f"lost {lost:,} of {received:,} received"
    for source in sources:
        yield f"{source.name}  lost {source.lost:,}"
        yield from _account(source)
        for note in source.notes:
            yield f"  {note}"


def _account(source: SourceStatus) -> Iterator[str]:
    """The equation of the ledger, and what stands beside it."""
    terms = " + ".join(f"{name} {getattr(source, name):,}" for name in OUTCOMES)
    yield f"  received {source.received:,} = {terms}"
    if source.received != source.outcomes:
        missing = source.received - source.outcomes
        yield f"  DOES NOT BALANCE: {missing:,} unaccounted for; please report this"
    beside = ", ".join(f"{name} {getattr(source, name):,}" for name in SUBSETS)
    yield f"  of the counted: {beside.replace('_', ' ')}"
    yield f"  kernel drops {source.kernel_drops:,}"
    if source.filtered_by:
        reasons = ", ".join(f"{why} {count:,}" for why, count in source.filtered_by.items())
        yield f"  filtered by: {reasons}"


SOURCES = Command(
    "sources", "sources [NAME]", "each source, state and account", "sources nginx", run_sources
)
LOSS = Command("loss", "loss [NAME]", "what was received and not counted", "loss", run_loss)
SAMPLES = Command(
    "samples", "samples SOURCE", "recent lines of a source", "samples nginx", run_samples
)
PARSE = Command(
    "parse", "parse LINE", "how a log line is read", "parse 192.0.2.1 - - [...", run_parse
)
