"""What the admin port asks about single lines: how one is read, and what arrived lately."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from logmond.daemon.inputs import Input
from logmond.errors import QueryError
from logmond.ingest.formats.explain import nearest, render
from logmond.ingest.formats.values import redacted
from logmond.interfaces.parsing import body_of, read
from logmond.interfaces.surface import Sample
from logmond.telemetry import decoded


def sampled(name: str, inputs: Mapping[str, Input]) -> Sequence[Sample]:
    """Recent lines of a source, counted ones first, then rejects by kind; no query strings.

    Raises:
        QueryError: there is no such source.
    """
    member = inputs.get(name)
    if member is None:
        known = ", ".join(inputs)
        raise QueryError("unknown_source", f"no source {name!r}; there are {known}")
    samples = [Sample("counted", decoded(redacted(raw))) for raw in member.intake.recent]
    for kind, kept in member.ledger.samples.items():
        samples += [Sample(kind, decoded(redacted(raw))) for raw in kept]
    return samples


def parsed(line: bytes, inputs: Mapping[str, Input]) -> tuple[str, Mapping[str, object]]:
    """How a line is read, by the first format of any source that takes it.

    Raises:
        QueryError: no format takes it; says where the nearest one fails.
    """
    body = body_of(line)
    formats = {(fmt.name, fmt.shape): fmt for one in inputs.values() for fmt in one.formats}
    taken = read(list(formats.values()), body)
    if taken is None:
        explanation = nearest(list(formats.values()), body)
        raise QueryError("unparsed", render(explanation) if explanation else "no format is set")
    fmt, record = taken
    shown = [f"format {fmt.name}"]
    shown += [f"{key:10} {value}" for key, value in record.items() if value not in (None, {})]
    return "\n".join(shown), {"format": fmt.name, **record}
