"""Records are followed through any pieces of a stream."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from logmond.ingest.sources.tlsrecords import Records

_PAYLOADS = st.lists(st.binary(max_size=40), min_size=1, max_size=6)


@given(_PAYLOADS, st.data())
def test_a_stream_is_unfinished_unless_it_ends_where_a_record_does(
    payloads: list[bytes], data: st.DataObject
) -> None:
    """However it is cut into reads."""
    records = [b"\x17\x03\x03" + len(each).to_bytes(2) + each for each in payloads]
    stream, ends, place = b"".join(records), {0}, 0
    for record in records:
        place += len(record)
        ends.add(place)
    read = stream[: data.draw(st.integers(0, len(stream)))]
    found, place = Records(), 0
    while place < len(read):
        step = data.draw(st.integers(1, 20))
        found.feed(read[place : place + step])
        place += step
    assert found.unfinished == (len(read) not in ends)
