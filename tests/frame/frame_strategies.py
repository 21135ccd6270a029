"""Frames as hypothesis draws them: few distinct keys, so that merges and cuts meet."""

from hypothesis import strategies as st

from logmond.frame.frame import OTHER, TOP_DIMENSIONS, Bounded, Exact
from logmond.frame.sketches import HyperLogLog, Top, place_of

sources = st.sampled_from(["nginx", "apache"])
vhosts = st.sampled_from(["-", "a.example", "b.example"])
statuses = st.sampled_from(["200", "404", "500", "-"])
sections = st.sampled_from(["/", "/api", "/login", "/p\N{SNOWMAN}", "/\\x1b[2J", OTHER])
cell_keys = st.tuples(sources, vhosts, st.sampled_from(["GET", "POST"]), statuses, sections)
labelled_keys = st.tuples(
    sources, vhosts, st.just("GET"), statuses, sections, st.sampled_from(["-", "ai", OTHER])
)
tallies = st.tuples(st.integers(1, 1000), st.integers(0, 2**70)).map(list)

exacts = st.builds(
    Exact,
    cells=st.dictionaries(cell_keys | labelled_keys, tallies, max_size=12),
    durations=st.dictionaries(
        st.tuples(sources, vhosts, sections),
        st.dictionaries(st.integers(0, 1500), st.integers(1, 10**6), min_size=1, max_size=4),
        max_size=5,
    ),
    ledger=st.dictionaries(
        st.tuples(sources, st.sampled_from(["received", "counted", "unparsed"])),
        st.integers(0, 2**70),
        max_size=4,
    ),
)


def _clients(numbers: set[int]) -> HyperLogLog:
    sketch = HyperLogLog()
    for number in numbers:
        sketch.add(place_of(b"%d" % number))
    return sketch


def _top(counted: dict[str, int]) -> Top:
    top = Top()
    top.update(counted)
    return top


sketches = st.sets(st.integers(0, 2**32), max_size=50).map(_clients)
streams = st.dictionaries(
    st.integers(0, 40).map(lambda number: f"/page{number}"), st.integers(1, 200), max_size=30
)
tops = streams.map(_top)
samples = st.lists(
    st.tuples(st.sampled_from(["200", "500"]), sections, st.sampled_from(["GET /", "GET /api"])),
    max_size=4,
    unique=True,
)
boundeds = st.builds(
    Bounded,
    tops=st.dictionaries(
        st.tuples(st.sampled_from(TOP_DIMENSIONS), st.booleans()), tops, max_size=5
    ),
    clients=sketches,
    samples=samples,
)
