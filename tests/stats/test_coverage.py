"""Coverage tells whole, partial and empty windows apart."""

from __future__ import annotations

import pytest

from logmond.stats.coverage import Coverage


@pytest.fixture
def coverage() -> Coverage:
    """Two sources: nginx from 100, apache from 150; nginx missed 120 to 129."""
    coverage = Coverage()
    coverage.observe("nginx", 100)
    coverage.observe("apache", 150)
    coverage.gap("nginx", 120, 124, "restart")
    coverage.gap("nginx", 125, 129, "restart")
    return coverage


@pytest.mark.parametrize(
    ("sources", "start", "end", "state"),
    [
        ({"nginx"}, 100, 119, "whole"),
        ({"nginx"}, 99, 119, "partial"),
        ({"nginx"}, 110, 120, "partial"),
        ({"nginx"}, 120, 129, "empty"),
        ({"nginx"}, 130, 200, "whole"),
        ({"apache"}, 100, 149, "empty"),
        (None, 150, 160, "whole"),
        (None, 140, 160, "partial"),
        (None, 10, 20, "empty"),
        ({"unknown"}, 150, 160, "empty"),
    ],
)
def test_a_window_is_whole_only_when_every_source_was_observed_throughout(
    coverage: Coverage, sources: set[str] | None, start: int, end: int, state: str
) -> None:
    """The three states of a window, for one source and for all."""
    assert coverage.state(frozenset(sources) if sources else None, start, end) == state


def test_overlapping_gaps_of_different_reasons_count_once(coverage: Coverage) -> None:
    """Two reasons for the same seconds do not make a window emptier than it is."""
    coverage.gap("apache", 160, 169, "clock")
    coverage.gap("apache", 160, 169, "restart")
    assert coverage.state(frozenset({"apache"}), 160, 170) == "partial"


def test_a_broken_source_makes_only_its_own_metrics_unknown(coverage: Coverage) -> None:
    """What is broken is named with its reason; while others are in order, they are read."""
    coverage.mark_broken("apache", "unreadable (permission denied)")
    reason = "source apache unreadable (permission denied)"
    for sources, broken, ailing in (
        (frozenset({"nginx"}), None, None),
        (frozenset({"apache"}), reason, reason),
        (frozenset({"apache", "nginx"}), None, reason),
        (None, None, reason),
    ):
        assert (coverage.broken(sources), coverage.ailing(sources)) == (broken, ailing)
    coverage.mark_broken("nginx", "port taken")
    assert coverage.broken(None) == reason
    coverage.mark_broken("apache", None)
    coverage.mark_broken("nginx", None)
    assert coverage.broken(None) is coverage.ailing(None) is None


def test_the_account_of_a_source_that_delivers_only_rejects_is_known(coverage: Coverage) -> None:
    """What nobody can read, or was dropped, is counted; what never arrived is not."""
    only = frozenset({"nginx"})
    coverage.gap("nginx", 150, 159, "rejects")
    coverage.gap("nginx", 160, 169, "kernel drops")
    assert coverage.state(only, 150, 169) == "empty"
    assert coverage.state(only, 150, 169, account=True) == "whole"
    assert coverage.state(only, 120, 169, account=True) == "partial"
    for source in ("nginx", "apache"):
        coverage.mark_broken(source, "delivers only rejects", rejecting=True)
    assert coverage.broken(only) == "source nginx delivers only rejects"
    assert coverage.broken(only, account=True) is coverage.ailing(only, account=True) is None
    coverage.mark_broken("nginx", "unreadable")
    assert coverage.broken(only, account=True) == "source nginx unreadable"
    assert coverage.broken(None, account=True) is None
    assert coverage.ailing(None, account=True) == "source nginx unreadable"


def test_coverage_survives_a_restart(coverage: Coverage) -> None:
    """A snapshot taken back gives the same answers."""
    again = Coverage()
    snapshot = coverage.snapshot()
    again.restore(snapshot["since"], snapshot["gaps"])  # type: ignore[arg-type]
    for start in range(95, 165):
        assert again.state(None, start, start + 5) == coverage.state(None, start, start + 5)


def test_a_clock_set_back_is_believed_from_there_on(coverage: Coverage) -> None:
    """What was known of the time that comes again makes no window of it empty."""
    coverage.gap("nginx", 130, 3730, "the clock stepped by +3600s")
    coverage.begin_again(50)
    for sources in (frozenset({"nginx"}), frozenset({"apache"}), None):
        assert coverage.state(sources, 50, 200) == "whole"
        assert coverage.state(sources, 49, 60) == "partial"
        assert coverage.state(sources, 40, 49) == "empty"
