"""The bounded part of a batch: tops, distinct clients and sample lines, by block."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress

from logmond.frame.frame import MAX_SAMPLES, Bounded
from logmond.frame.redaction import discreet
from logmond.frame.sketches import Top
from logmond.ingest.kernel import names
from logmond.ingest.kernel.columns import Columns
from logmond.ingest.kernel.memo import Memo


class BoundedCounter:
    """Counts batches into `Bounded` parts."""

    def __init__(self, remembered: int) -> None:
        """`remembered`: clients whose reading is remembered."""
        self._clients = Memo(names.client_and_place, remembered)
        self._named = {
            "referrer": Memo(names.referrer_of),
            "user_agent": Memo(names.user_agent_of),
        }

    def count(self, bounded: Bounded, columns: Columns) -> None:
        """Add a batch whose lines all belong to the block of `bounded`."""
        _count_top(bounded, "path", columns.paths, columns.errors)
        for field, memo in self._named.items():
            column = columns.raw.get(field)
            if column is not None:
                _count_top(bounded, field, list(map(memo.__getitem__, column)), columns.errors)
        column = columns.raw.get("client")
        if column is not None:
            clients = list(map(self._clients.__getitem__, column))
            keys = [client for client, _ in clients]
            _count_top(bounded, "client", keys, columns.errors)
            registers = bounded.clients.registers
            for index, rank in {place for _, place in clients}:
                if registers[index] < rank:  # noqa: PLR1730  # a call a client costs twice as much
                    registers[index] = rank
        self._sample(bounded, columns)

    def _sample(self, bounded: Bounded, columns: Columns) -> None:
        """Keep the first few lines of each class, without query strings and secrets."""
        half = MAX_SAMPLES // 2
        failed = [sample for sample in bounded.samples if sample[0] >= "400"]
        fine = [sample for sample in bounded.samples if sample[0] < "400"]
        if len(fine) < half:
            errors = columns.errors or [False] * min(len(columns), MAX_SAMPLES)
            places = [place for place, error in enumerate(errors) if not error]
            fine += [self._sampled(columns, place) for place in places[: half - len(fine)]]
        if columns.errors and len(failed) < half:
            places = list(compress(range(len(columns)), columns.errors))
            failed += [self._sampled(columns, place) for place in places[: half - len(failed)]]
        bounded.samples = [*failed, *fine]

    def _sampled(self, columns: Columns, place: int) -> tuple[str, str, str]:
        """A line as (status, section, text), put together from what is known to be harmless."""
        (method, section), path = columns.targets[place]
        status = names.status_of_text(columns.field("status")[place])
        parts = [f'"{method} {discreet(path)}" {status}']
        if "client" in columns.raw:
            parts.insert(0, self._clients[columns.raw["client"][place]][0])
        if "user_agent" in columns.raw:
            agent = self._named["user_agent"][columns.raw["user_agent"][place]]
            parts.append(f'"{discreet(agent, mail=False)}"')
        return status, section, " ".join(parts)


def _count_top(bounded: Bounded, dimension: str, keys: Sequence[str], errors: list[bool]) -> None:
    """Count keys in the table of all lines, and those of errors in theirs."""
    top = bounded.tops.get((dimension, False))
    if top is None:
        top = bounded.tops[dimension, False] = Top()
    top.count(keys)
    if errors:
        top = bounded.tops.get((dimension, True))
        if top is None:
            top = bounded.tops[dimension, True] = Top()
        top.count(list(compress(keys, errors)))
