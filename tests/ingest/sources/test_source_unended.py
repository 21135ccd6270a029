"""The allowance for messages that were begun and not ended."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from logmond.ingest.sources.unended import Unended

LIMIT = 1000


class Peer:
    """Holds what it is told to, until it gives way."""

    def __init__(self) -> None:
        self.size = 0
        self.gave_way = 0

    def give_way(self) -> None:
        """Hold nothing, and remember that."""
        self.size = 0
        self.gave_way += 1


steps = st.lists(st.tuples(st.integers(0, 5), st.integers(0, LIMIT // 2)), max_size=60)


@given(steps)
def test_all_together_stay_below_the_limit_and_the_greediest_gives_way(
    holds: list[tuple[int, int]],
) -> None:
    """Whatever is begun and ended by whom, at most one gives way for each step, the largest."""
    unended, peers = Unended(LIMIT), [Peer() for _ in range(6)]
    for number, size in holds:
        peers[number].size = size
        before = [peer.size for peer in peers]
        gone = sum(peer.gave_way for peer in peers)
        unended.hold(peers[number], size)
        assert sum(peer.size for peer in peers) <= LIMIT
        if sum(before) <= LIMIT:
            assert [peer.size for peer in peers] == before
        else:
            assert sum(peer.gave_way for peer in peers) == gone + 1
            (was,) = [old for old, peer in zip(before, peers, strict=True) if peer.size != old]
            assert was == max(before)


def test_what_is_released_counts_no_more() -> None:
    """A connection that has ended leaves its share to others, and is not asked again."""
    unended, gone, other = Unended(LIMIT), Peer(), Peer()
    unended.hold(gone, LIMIT)
    unended.release(gone)
    unended.release(gone)
    unended.hold(other, LIMIT)
    assert not other.gave_way
    unended.hold(other, LIMIT + 1)
    assert (gone.gave_way, other.gave_way) == (0, 1)
