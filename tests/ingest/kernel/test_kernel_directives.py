"""Lines that say how the lines behind them are written, as W3C logs have them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logmond.frame.frame import Delta
from logmond.ingest.formats.table import format_of
from logmond.ingest.intake import Intake
from logmond.ingest.kernel.python import PythonKernel

START = 1_795_453_200
HEAD = b"#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n"
SHORT = b"#Fields: date time c-ip cs-method cs-uri-stem sc-status\n"
TURNED = b"#Fields: date time s-ip c-ip cs-method cs-uri-stem sc-status time-taken sc-bytes\n"
CLOUD = b"#Version: 1.0\n#Fields: date time c-ip cs-method cs-uri-stem sc-status x-edge-location\n"


def short(status: int = 200) -> bytes:
    """A line with the fields of SHORT."""
    return b"2026-11-23 17:00:00 203.0.113.7 GET /a/b %d\n" % status


def turned(status: int = 200) -> bytes:
    """A line with the fields of TURNED."""
    return b"2026-11-23 17:00:00 10.0.0.1 203.0.113.7 GET /a/b %d 12 512\n" % status


def intake(spec: str = "iis") -> Intake:
    """An intake that reads `spec`."""
    return Intake("w", PythonKernel("w", format_of(spec)), lambda: START + 1.0)


def statuses(delta: Delta) -> list[tuple[str, int, int]]:
    """(status, hits, bytes) of every cell."""
    return sorted((key[3], *tally) for exact in delta.exact.values()
                  for key, tally in exact.cells.items())  # fmt: skip


@pytest.mark.parametrize("spec", ["iis", "auto"])
def test_fields_lines_change_the_format_of_what_follows(spec: str) -> None:
    """Columns may come and go in the middle of a file; what is about the log is filtered."""
    taken = intake(spec)
    taken.lines(HEAD + SHORT + short(404) * 2 + HEAD + TURNED + turned(500) * 3 + SHORT + short())
    assert statuses(taken.take(START)) == [("200", 1, 0), ("404", 2, 0), ("500", 3, 3 * 512)]
    totals = taken.ledger.totals
    assert (totals["counted"], totals["filtered"], totals["unparsed"]) == (6, 7, 0)
    assert taken.ledger.filtered == {"notice": 7}


def test_lines_of_other_fields_are_not_read_before_their_directive() -> None:
    """The default fields stand until a line says otherwise; other columns do not fit them."""
    taken = intake()
    taken.lines(short() + SHORT + short())
    assert (taken.ledger.totals["counted"], taken.ledger.totals["unparsed"]) == (1, 1)


def test_a_directive_of_the_other_dialect_is_left_to_it() -> None:
    """Under auto IIS and CloudFront go by their own fields, side by side."""
    taken = intake("auto")
    cloud = b"2026-11-23\t17:00:00\t203.0.113.7\tGET\t/c\t403\tSFO5\n"
    taken.lines(SHORT + CLOUD + short() + cloud + short(404))
    assert statuses(taken.take(START)) == [("200", 1, 0), ("403", 1, 0), ("404", 1, 0)]
    assert taken.kernel.by_format == {"iis": 2, "cloudfront": 1}


@pytest.mark.parametrize(
    "line",
    [
        b"#Fields:\n",
        b"#Fields: time date\n",
        b"#Fields: " + b"x " * 5000 + b"\n",
        b"#Fields: \xff\xfe\n",
        b"#Fields: date time c-ip sc-status sc-status\n",
    ],
)
def test_a_directive_that_cannot_be_read_changes_nothing(line: bytes) -> None:
    """Whatever it says, the lines behind it are read as those before it, or as it says."""
    taken = intake()
    taken.lines(SHORT + short() + line + short())
    assert taken.ledger.balanced
    assert taken.ledger.totals["filtered"] == 2
    assert taken.ledger.totals["counted"] in (1, 2)


def test_a_source_does_not_learn_from_another() -> None:
    """Compiled formats are shared; what a sender said of its lines is not."""
    first, second = intake(), intake()
    first.lines(SHORT + short())
    second.lines(short())
    assert second.ledger.totals["unparsed"] == 1


@settings(max_examples=60)
@given(st.lists(st.sampled_from([HEAD, SHORT, TURNED, short(), turned(), b"junk\n"]), max_size=20),
       st.data())  # fmt: skip
def test_directives_hold_however_the_lines_are_cut(
    pieces: list[bytes], data: st.DataObject
) -> None:
    """A directive in one chunk is for the lines of the next."""
    cuts = data.draw(st.lists(st.integers(0, len(pieces)), max_size=5).map(sorted))
    whole, cut = intake(), intake()
    whole.lines(b"".join(pieces))
    for a, b in pairwise([0, *cuts, len(pieces)]):
        cut.lines(b"".join(pieces[a:b]))
    assert statuses(whole.take(START)) == statuses(cut.take(START))
    assert whole.ledger.totals == cut.ledger.totals
