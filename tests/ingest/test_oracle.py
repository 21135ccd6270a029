"""The oracle against incidents worked out by hand: who judges others is judged first."""

from __future__ import annotations

from typing import Any

import pytest
from oracle import Found, incidents

T0 = 1000


def line(status: int = 200, target: str = "/a") -> bytes:
    """A combined line; its stamp is not looked at."""
    return b'1.2.3.4 - - [x] "GET %b HTTP/1.1" %d 10 "-" "curl/8"' % (target.encode(), status)


def counts(*hits: int) -> list[tuple[int, bytes]]:
    """So many lines in second 1000, 1001, ..."""
    return [(T0 + at, line()) for at, number in enumerate(hits) for _ in range(number)]


def rule(**changes: Any) -> dict[str, Any]:
    """More than 2 requests a second over 2 seconds, clear for 2 seconds."""
    return {
        "name": "r",
        "metric": "hits_per_second",
        "window": "2s",
        "above": 2,
        "hold": "2s",
        **changes,
    }


def found(lines: list[tuple[int, bytes]], changed: dict[str, Any], **more: Any) -> list[Found]:
    """The incidents from second 1000 to 1009."""
    return incidents(lines, changed, first=T0, last=T0 + 9, **more)


def test_a_burst_fires_at_the_limit_and_recovers_after_hold() -> None:
    """At the limit is not beyond it; the first clear second begins the hold as its zero."""
    # averages:        1  2  3.5  3  1  0  0
    [one] = found(counts(2, 2, 5, 1, 1, 0, 0), rule())
    assert one == Found(
        "r",
        (),
        "warning",
        "warning",
        2.0,
        triggered_at=1002,
        value=3.5,
        peak_requests=(5, 1002),
        peak_value=(5.0, 1002),
        recovered_at=1006,
        recovered_value=0.0,
    )


def test_a_value_between_recover_and_limit_restarts_the_hold() -> None:
    """Only clear seconds in a row count."""
    # averages:             2.5 5 2.5 .5 2.5 2 0
    [one] = found(counts(5, 5, 0, 1, 4, 0, 0, 0), rule(hold="1s", recover=1.9, above=4))
    assert (one.triggered_at, one.recovered_at) == (1001, 1007)


def test_for_counts_seconds_after_the_first_breach() -> None:
    """`for: 2s` fires with the second second after the first, and not if it was shorter."""
    [one] = found(counts(9, 9, 9, 9, 0, 0, 0, 0), rule(**{"for": "2s"}))
    assert (one.triggered_at, one.value) == (1002, 9.0)
    assert found(counts(9, 0, 0, 0), rule(**{"for": "2s"})) == []


def test_severities_rise_each_with_its_own_for() -> None:
    """An incident begins with the gravest ripe limit and keeps the gravest it reached."""
    limits = {"warning": 2, "critical": 6}
    [one] = found(counts(4, 4, 8, 8, 8, 0), rule(above=limits, **{"for": "1s"}))
    assert (one.first_severity, one.severity, one.limit) == ("warning", "critical", 6.0)
    assert one.triggered_at == 1002


def test_a_partial_window_fires_but_never_clears() -> None:
    """What nobody watched cannot prove that it is over."""
    quiet = counts(9, 9, 0, 0, 0, 0, 0, 0, 0)
    assert found(quiet, rule())[0].recovered_at == 1005
    dark = [(900, 999), (1004, 1004)]
    [one] = found(quiet, rule(), unobserved=dark)
    # 1003 is clear, 1004 and 1005 cannot tell and hold the count, 1006 and 1007 end it.
    assert (one.triggered_at, one.recovered_at) == (1000, 1007)


def test_a_partial_window_never_fires_below() -> None:
    """The first whole window that is below fires."""
    below = rule(below=1, above=None)
    del below["above"]
    [one] = found([], below, unobserved=[(900, 1002)])
    assert (one.triggered_at, one.value) == (1004, 0.0)


def test_a_thin_ratio_says_nothing() -> None:
    """With fewer hits than min_hits there is neither breach nor recovery."""
    ratio = rule(metric="ratio_5xx", above="10%", min_hits=4)
    lines = [(1000, line(500))] * 3 + [(1001, line())] + [(1004, line())] * 4
    [one] = found(lines, ratio)
    assert (one.triggered_at, one.value, one.recovered_at) == (1001, 0.75, None)
    assert one.peak_value == (1.0, 1000)
    assert found(lines, {**ratio, "min_hits": 5}) == []


@pytest.mark.parametrize(
    ("where", "fires"),
    [
        ({"section": "/b"}, True),
        ({"section": ["/x", "/b"]}, True),
        ({"section": "/a"}, False),
        ({"section": "/?"}, True),
        ({"status": "4xx"}, True),
        ({"status": 404, "method": "GET"}, True),
        ({"bot": "tool"}, True),
        ({"bot": "-"}, False),
    ],
)
def test_where_takes_values_lists_globs_classes_and_labels(
    where: dict[str, Any], fires: bool
) -> None:
    """Every condition must hold; of a list any value may."""
    labels = {"bot": {"field": "user_agent", "contains": {"tool": ["Wget", "Curl"]}}}
    lines = [(1000, line(404, "/b/c?d=/a"))] * 9
    assert bool(found(lines, rule(where=where), labels=labels)) is fires


def test_groups_are_followed_one_by_one() -> None:
    """Each value of `group_by` has its own incident."""
    lines = [(1000, line(target="/a/1"))] * 9 + [(1001, line(target="/b"))] * 7
    result = found(lines, rule(group_by=["section"]))
    assert [(one.group, one.triggered_at, one.value) for one in result] == [
        (("/a",), 1000, 4.5),
        (("/b",), 1001, 3.5),
    ]
