"""Any cut of a stream gives the same messages, and no peer makes the framer hold much."""

from __future__ import annotations

import tracemalloc

import pytest
import senders
from hypothesis import given
from hypothesis import strategies as st
from senders import octet_counted

from logmond.errors import FramingError
from logmond.ingest.framing import StreamFramer

Outcome = tuple[list[bytes], list[bytes], bytes | str]


def outcome(pieces: list[bytes], max_bytes: int = 65536) -> Outcome:
    """Messages, oversize samples, and the tail (or the error) of a stream in pieces."""
    framer = StreamFramer(max_bytes)
    messages: list[bytes] = []
    try:
        for piece in pieces:
            messages += framer.feed(piece)
    except FramingError as error:
        return messages + error.completed, framer.take_oversize(), str(error)
    return messages, framer.take_oversize(), framer.close()


@st.composite
def cut(draw: st.DrawFn, stream: bytes) -> list[bytes]:
    """The stream in pieces, cut at up to a dozen places."""
    places = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    return [stream[a:b] for a, b in zip([0, *places], [*places, len(stream)], strict=True)]


LINE = st.one_of(
    st.sampled_from(
        [senders.CLF, senders.NGINX, senders.CADDY, senders.LOGGER_5424, b"10 <b> is no frame"]
    ),
    st.binary(min_size=1, max_size=40).map(lambda raw: b"x" + raw.translate(None, b"\n\0\r")),
)
COUNTED = st.one_of(
    st.sampled_from([senders.SYSLOG_NG_LINES, senders.RSYSLOG_5424]),
    st.binary(max_size=40).map(lambda raw: b"<13>" + raw.rstrip(b"\r\n\0")),
)
FRAMED = st.one_of(
    st.tuples(LINE, st.sampled_from([b"\n", b"\r\n", b"\0", b"\n\n"])).map(
        lambda drawn: (drawn[0], drawn[0] + drawn[1])
    ),
    st.tuples(COUNTED, st.sampled_from([b"", b"\n"])).map(
        lambda drawn: (drawn[0], octet_counted(*drawn))
    ),
)


@given(st.lists(FRAMED, max_size=12), st.data())
def test_every_mix_of_framings_gives_its_messages_at_any_cut(
    framed: list[tuple[bytes, bytes]], data: st.DataObject
) -> None:
    """Lines and octet-counted frames on one connection come out one by one."""
    stream = b"".join(wire for _, wire in framed)
    pieces = data.draw(cut(stream))
    assert outcome(pieces) == ([message for message, _ in framed], [], b"")


HOSTILE = st.text(alphabet="0019- <>\n\r\0a", max_size=120).map(str.encode)


@given(HOSTILE, st.sampled_from([8, 20, 65536]), st.data())
def test_a_hostile_stream_means_the_same_at_any_cut(
    stream: bytes, max_bytes: int, data: st.DataObject
) -> None:
    """Messages, oversize lines, errors and the tail do not depend on where it is cut."""
    pieces = data.draw(cut(stream))
    whole = outcome([stream], max_bytes)
    assert outcome(pieces, max_bytes) == whole
    assert outcome([stream[at : at + 1] for at in range(len(stream))], max_bytes) == whole


def test_two_pieces_at_every_byte_give_the_messages_of_one() -> None:
    """Each of the real senders' frames survives a cut at each of its bytes (row 20)."""
    stream = b"".join(
        [
            senders.CLF + b"\n",
            octet_counted(senders.SYSLOG_NG_LINES, b"\n"),
            senders.CLF + b"\r\n",
            octet_counted(senders.LOGGER_5424),
            octet_counted(senders.RSYSLOG_5424, b"\n"),
            senders.NGINX + b"\0",
            senders.HAPROXY,
            senders.CADDY + b"\n",
        ]
    )
    whole = outcome([stream])
    assert whole[0][:3] == [senders.CLF, senders.SYSLOG_NG_LINES, senders.CLF]
    assert len(whole[0]) == 8
    for at in range(len(stream)):
        assert outcome([stream[:at], stream[at:]]) == whole


def test_an_octet_counted_frame_keeps_the_newline_inside_it() -> None:
    """rsyslog switches to octet counting just for messages that contain LF."""
    stream = octet_counted(b"<13>first\nsecond", b"\n") + b"third\n"
    assert outcome([stream])[0] == [b"<13>first\nsecond", b"third"]


@pytest.mark.parametrize(
    "line",
    [
        b"10.0.0.1 - - [23/Nov/2026:17:00:00 +0000] ...",
        b"12 13 14",
        b"1795460635.123 127.0.0.1 GET / 200",
        b"12345678901234567890123456789012 127.0.0.1",
        b"17 <notapri> x",
        b"17 <192>x",
        b"17 <013>x",
        b"17  <13>x",
        b"- - - [23/Nov/2026:17:00:00 +0000] <13>",
    ],
)
def test_a_bare_line_that_begins_like_a_count_is_a_line(line: bytes) -> None:
    """Without the full signature there is no octet-counted frame."""
    assert outcome([line + b"\n" + octet_counted(b"<13>x") + line + b"\n"]) == (
        [line, b"<13>x", line],
        [],
        b"",
    )


@pytest.mark.parametrize(
    "count",
    [b"65537", b"9999999", b"99999999", b"9" * 1000, b"-1", b"-" + b"9" * 50, b"0", b"3"],
)
def test_a_count_that_cannot_be_ends_the_stream(count: bytes) -> None:
    """Huge, negative, thousand-digit and too small counts raise and hold nothing (row 17)."""
    framer = StreamFramer()
    with pytest.raises(FramingError, match="octet count") as caught:
        framer.feed(b"before\n" + count + b" <13>x")
    assert caught.value.completed == [b"before"]
    assert framer.close() == b""


def test_a_gigabyte_without_newline_is_one_oversize_line_in_little_memory() -> None:
    """It leaves one sample, holds under 1 MiB, and the line after it counts (row 18)."""
    framer = StreamFramer()
    chunk = b"x" * (1 << 20)
    tracemalloc.start()
    try:
        messages = [framer.feed(chunk) for _ in range(1024)]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert not any(messages)
    assert peak < 1 << 20
    assert [len(sample) for sample in framer.take_oversize()] == [300]
    assert framer.feed(b"yyy\nnext\n") == [b"next"]
    assert framer.take_oversize() == []
    assert framer.close() == b""


def test_a_line_fed_in_crumbs_is_held_once() -> None:
    """Many small pieces of one line cost its length, not an object for each piece."""
    framer = StreamFramer()
    crumbs = [b"%02d" % (at % 100) for at in range(30_000)]
    tracemalloc.start()
    try:
        for crumb in crumbs:
            framer.feed(crumb)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 256 << 10
    assert framer.close() == b"".join(crumbs)


def test_a_line_over_the_cap_is_oversize_even_with_its_newline_at_hand() -> None:
    """The cap holds for whole lines as for unfinished ones, and spares their neighbours."""
    framer = StreamFramer(max_bytes=10)
    assert framer.feed(b"a\n" + b"b" * 11 + b"\nc\n" + b"d" * 10 + b"\n <\n") == [
        b"a",
        b"c",
        b"d" * 10,
        b" <",
    ]
    assert framer.take_oversize() == [b"b" * 10]


@pytest.mark.parametrize(
    "line",
    [
        senders.TLS_BYTES,
        b"\x16\x03\x01\x02\xff\xfe\x80",
        b'127.0.0.1 - - "GET /\xff\xfe\xc3( HTTP/1.1" 200 1',
        b"\x1b]0;title\x07",
        bytes(range(1, 10)) + bytes(range(11, 13)) + bytes(range(14, 256)),
    ],
)
def test_binary_lines_are_one_message_each(line: bytes) -> None:
    """TLS bytes, bad UTF-8 and control bytes pass through as they are (row 19)."""
    assert outcome([line + b"\n" + line + b"\r\n" + line + b"\0"]) == ([line] * 3, [], b"")


def test_empty_lines_are_no_messages() -> None:
    """Blank lines, NULs and lone CRs between messages count as nothing."""
    assert outcome([b"\n\n\0\r\na\n\n", b"\0", b"\r\n"]) == ([b"a"], [], b"")


@pytest.mark.parametrize("tail", [b"half a line", b"120 <13>half a frame", b"12", b"12 <1"])
def test_the_unterminated_tail_is_handed_back_at_the_end(tail: bytes) -> None:
    """What the connection left unfinished is returned once, to be counted as cut (row 25)."""
    framer = StreamFramer()
    assert framer.feed(b"whole\n" + tail) == [b"whole"]
    assert framer.close() == tail
    assert framer.close() == b""
