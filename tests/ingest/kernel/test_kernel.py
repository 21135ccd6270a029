"""The reference kernel counts what a naive reading of the lines counts, however they are cut."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logmond.frame.caps import Caps
from logmond.frame.frame import OTHER, Delta
from logmond.frame.sketches import bucket_of
from logmond.ingest.formats.presets import preset
from logmond.ingest.formats.table import format_of
from logmond.ingest.kernel.names import KEY_BYTES, Label
from logmond.ingest.kernel.python import PythonKernel, Scanned

START = 1_795_453_200


def line_of(  # noqa: PLR0917  # a line has that many parts
    second: int = 0,
    client: str = "192.0.2.1",
    request: str = "GET /api/x?token=1 HTTP/1.1",
    status: int = 200,
    size: str = "512",
    agent: str = "curl/8",
    duration: str = "0.120",
) -> bytes:
    """One nginx-timed line, stamped `second` seconds after START."""
    stamp = datetime.fromtimestamp(START + second, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")
    text = f'{client} - - [{stamp}] "{request}" {status} {size} "-" "{agent}" {duration}\n'
    return text.encode()


def scanned(*chunks: bytes, believed: bool = True, arrival: float = START + 60.0) -> Delta:
    """What a fresh kernel counts of chunks."""
    kernel = PythonKernel("nginx", [preset("nginx-timed")])
    for chunk in chunks:
        kernel.scan(chunk, arrival, believed=believed)
    return kernel.take()


lines = st.lists(
    st.builds(
        line_of,
        second=st.integers(0, 25),
        client=st.sampled_from(["192.0.2.1", "192.0.2.2", "2001:db8:1:2:3::4", "unix:"]),
        request=st.sampled_from(
            ["GET /api/x?a=1 HTTP/1.1", "POST /login HTTP/2.0", "-", "\\x16\\x03\\x01", "GET /"]
        ),
        status=st.sampled_from([200, 304, 404, 502]),
        size=st.sampled_from(["0", "512", "-"]),
        agent=st.sampled_from(["curl/8", "Mozilla/5.0 (X11; \\x22quoted\\x22)"]),
        duration=st.sampled_from(["0.000", "0.120", "2.500", "-"]),
    ),
    max_size=60,
)


@settings(max_examples=60)
@given(lines, st.data())
def test_any_cut_into_chunks_of_whole_lines_gives_the_same_frames(
    traffic: list[bytes], data: st.DataObject
) -> None:
    """Samples too: what is kept depends on the order of the lines alone."""
    cuts = data.draw(st.lists(st.integers(0, len(traffic)), max_size=6).map(sorted))
    edges = [0, *cuts, len(traffic)]
    chunks = [b"".join(traffic[a:b]) for a, b in pairwise(edges)]
    assert scanned(*chunks) == scanned(b"".join(traffic))


@settings(max_examples=60)
@given(lines)
def test_the_counts_equal_a_naive_reading_line_by_line(traffic: list[bytes]) -> None:
    """Hits by status and second, histograms, tops and errors, from the text of each line."""
    delta = scanned(b"".join(traffic))
    hits: Counter[tuple[int, str]] = Counter()
    buckets: Counter[int] = Counter()
    agents: Counter[str] = Counter()
    for line in traffic:
        text = line.decode()
        stamp = text.partition("[")[2].partition("]")[0]
        second = int(datetime.strptime(stamp, "%d/%b/%Y:%H:%M:%S %z").timestamp())
        status = text.split('"')[2].split()[0]
        hits[second, status] += 1
        if not text.endswith(" -\n"):
            buckets[bucket_of(float(text.split()[-1]))] += 1
        agents["curl" if '"curl' in text else "Mozilla"] += 1
    counted: Counter[tuple[int, str]] = Counter()
    durations: Counter[int] = Counter()
    for second, exact in delta.exact.items():
        for key, (n, _) in exact.cells.items():
            counted[second, key[3]] += n
        for histogram in exact.durations.values():
            durations.update(histogram)
    assert counted == hits
    assert durations == buckets
    tops: Counter[str] = Counter()
    errors = 0
    for bounded in delta.bounded.values():
        for key, n in bounded.tops["user_agent", False].counts.items():
            tops[key.split("/")[0]] += n
        if ("user_agent", True) in bounded.tops:
            errors += bounded.tops["user_agent", True].total
    assert tops == agents
    assert errors == sum(n for (_, status), n in hits.items() if status >= "400")


def cells(delta: Delta) -> dict[tuple[str, ...], list[int]]:
    """All cells of a delta that touches one second."""
    (exact,) = delta.exact.values()
    return exact.cells


@pytest.mark.parametrize(
    ("request_line", "method", "section"),
    [
        ("GET /pages/create HTTP/1.1", "GET", "/pages"),
        ("GET / HTTP/1.1", "GET", "/"),
        ("GET http://host.example/a/b?c HTTP/1.1", "GET", "/a"),
        ("\\x16\\x03\\x01\\x02", "-", "-"),
        ("-", "-", "-"),
        ("get /lower HTTP/1.1", "-", "-"),
        ("GET /caf\\xC3\\xA9/x HTTP/1.1", "GET", "/café"),
        ("GET /" + "a" * 500 + " HTTP/1.1", "GET", "/" + "a" * (KEY_BYTES - 1)),
    ],
)
def test_requests_become_methods_and_sections(request_line: str, method: str, section: str) -> None:
    """What is no request is counted under "-", once, and long keys are cut."""
    (key,) = cells(scanned(line_of(request=request_line)))
    assert (key[2], key[4]) == (method, section)


def test_lines_of_no_format_are_handed_back_in_order_and_the_rest_is_counted() -> None:
    """A reject in the middle of a chunk costs its neighbours nothing."""
    kernel = PythonKernel("nginx", [preset("nginx-timed")])
    chunk = line_of() + b"garbage \xff\xfe\n" + line_of(1) + b"\n" + line_of(2)
    assert kernel.scan(chunk, START, believed=True) == Scanned(
        3, START + 2, [(1, b"garbage \xff\xfe"), (3, b"")], [START, START + 1]
    )
    assert [exact.hits for exact in kernel.take().exact.values()] == [1, 1, 1]


def test_auto_reads_mixed_formats_line_by_line_and_counts_each_by_name() -> None:
    """One listener, several senders: nobody has to say what comes."""
    kernel = PythonKernel("any", format_of("auto"))
    combined = line_of().rsplit(b" ", 1)[0] + b"\n"
    common = combined.split(b' "-"')[0] + b"\n"
    chunk = b"".join([combined, line_of(), common, line_of(), line_of()])
    assert kernel.scan(chunk, START, believed=True).counted == 5
    assert kernel.by_format == {"combined": 1, "nginx-timed": 3, "common": 1}
    assert kernel.scan(line_of() * 3, START, believed=True).counted == 3


@pytest.mark.parametrize(
    ("behind", "believed", "second", "skewed"),
    [
        (0, False, START, 0),
        (600, False, START, 0),
        (601, False, START + 601, 1),
        (86400, True, START, 0),
        (-5, True, START, 0),
        (-6, True, START - 6, 1),
        (-6, False, START - 6, 1),
        (-315_360_000, True, START - 315_360_000, 1),
    ],
)
def test_stamps_beyond_belief_count_at_arrival(
    behind: int, believed: bool, second: int, skewed: int
) -> None:
    """Ahead by more than 5 s always; behind by more than 10 minutes only on datagrams."""
    kernel = PythonKernel("nginx", [preset("nginx-timed")])
    kernel.scan(line_of(), START + behind, believed=believed)
    assert kernel.stamps.skewed == skewed
    assert list(kernel.take().exact) == [second]


def test_labels_become_dimensions_of_the_cells() -> None:
    """The first value whose text occurs wins; none is "-"."""
    label = Label.of("bot", "user_agent", {"ai": ["GPTBot"], "search": ["Googlebot", "bingbot"]})
    kernel = PythonKernel("nginx", [preset("nginx-timed")], labels=[label])
    agents = ("x GPTBOT/1.0", "Googlebot", "Firefox")
    kernel.scan(b"".join(line_of(agent=agent) for agent in agents), START, believed=True)
    assert {key[5] for key in cells(kernel.take())} == {"ai", "search", "-"}


def test_an_open_second_admits_keys_in_line_order_and_folds_the_rest() -> None:
    """Hits, bytes, source and status survive folding exactly."""
    kernel = PythonKernel("nginx", [preset("nginx-timed")], caps=Caps(second_cells=2))
    chunk = b"".join(line_of(request=f"GET /s{n}/ HTTP/1.1") for n in range(20))
    kernel.scan(chunk, START, believed=True)
    counted = cells(kernel.take())
    assert [key[4] for key in counted][:16] == [f"/s{n}" for n in range(16)]
    assert counted["nginx", OTHER, OTHER, "200", OTHER] == [4, 4 * 512]


def test_samples_hold_no_query_string_and_both_classes() -> None:
    """What reaches an alert is put together from harmless parts."""
    chunk = line_of() * 10 + line_of(status=502, request="GET /pay?card=4111 HTTP/1.1") * 10
    (bounded,) = scanned(chunk).bounded.values()
    assert [sample[0] for sample in bounded.samples] == ["502"] * 4 + ["200"] * 4
    assert bounded.samples[0] == ("502", "/pay", '192.0.2.1 "GET /pay" 502 "curl/8"')


def test_values_too_long_to_repeat_are_not_remembered() -> None:
    """64 KiB of user agent a line must not stay in memory."""
    kernel = PythonKernel("nginx", [preset("nginx-timed")])
    for n in range(50):
        chunk = line_of(agent=f"{n}" + "x" * 60_000, request=f"GET /{n}{'y' * 2000} HTTP/1.1")
        assert kernel.scan(chunk, START, believed=True).counted == 1
    held = (kernel._requests, kernel._bounded._named["user_agent"])
    assert all(len(memo) == 0 for memo in held)
