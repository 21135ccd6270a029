"""Duration buckets: percentiles within one percent, whatever was merged."""

import math

from hypothesis import given
from hypothesis import strategies as st

from logmond.frame.frame import Exact
from logmond.frame.sketches import bucket_middle, bucket_of, percentile

durations = st.floats(1e-6, 1e5)
KEY = ("nginx", "-", "/")


def histogram_of(seconds: list[float]) -> dict[int, int]:
    """Hits by bucket."""
    histogram: dict[int, int] = {}
    for value in seconds:
        bucket = bucket_of(value)
        histogram[bucket] = histogram.get(bucket, 0) + 1
    return histogram


@given(durations)
def test_the_middle_of_a_bucket_is_within_one_percent(seconds: float) -> None:
    """Any duration from a microsecond to a day is known to 1 %."""
    assert math.isclose(bucket_middle(bucket_of(seconds)), seconds, rel_tol=0.01)


@given(durations, durations)
def test_buckets_keep_the_order(first: float, second: float) -> None:
    """A longer duration is never in an earlier bucket."""
    assert (bucket_of(first) <= bucket_of(second)) or first > second


@given(st.lists(durations, min_size=1, max_size=60), st.sampled_from([0.01, 0.5, 0.95, 0.99, 1.0]))
def test_percentiles_are_within_one_percent(seconds: list[float], quantile: float) -> None:
    """The estimate is within 1 % of the value at that rank."""
    exact = sorted(seconds)[math.ceil(quantile * len(seconds)) - 1]
    estimate = percentile(histogram_of(seconds), quantile)
    assert estimate is not None
    assert math.isclose(estimate, exact, rel_tol=0.01)


@given(st.lists(durations, max_size=30), st.lists(durations, max_size=30))
def test_merged_histograms_are_the_histogram_of_both(
    first: list[float], second: list[float]
) -> None:
    """Percentiles of a merge are those of all lines together."""
    total = Exact(durations={KEY: histogram_of(first)})
    total.merge(Exact(durations={KEY: histogram_of(second)}))
    assert total.durations[KEY] == histogram_of(first + second)


def test_no_hits_have_no_percentile() -> None:
    """Absence is None, not zero."""
    assert percentile({}, 0.5) is None


def test_durations_under_a_microsecond_are_zero() -> None:
    """A server that writes 0.000 is shown as 0."""
    assert bucket_of(0.0) == 0
    assert percentile({0: 3}, 0.99) == 0.0
