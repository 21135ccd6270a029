"""Who is told, and whether it works: `outputs` and `test-output`."""

from __future__ import annotations

from dataclasses import replace

from admin_wire import ask, data
from fake_surface import surface
from surface_values import NOW

from logmond.outputs.status import OutputStatus


def test_outputs_are_a_table() -> None:
    """What waits, what became of the rest, and why nothing is delivered."""
    assert ask("outputs").splitlines() == [
        "output    type     state     queued  sent  failed  dropped  last sent  why",
        "console   console  ok             0    12       0        0          -",
        "ops-hook  webhook  retrying       2     7       3        1   1h0m ago"
        "  for 1m3s: connection refused",
    ]


def test_outputs_are_objects() -> None:
    """With times, null where there is none."""
    console, hook = data("outputs")
    assert (console["type"], console["since"], console["reason"]) == ("console", None, None)
    assert (hook["state"], hook["queued"], hook["since"][-1]) == ("retrying", 2, "Z")


def test_attempts_that_hang_are_told() -> None:
    """They are why no further one is begun."""
    hanging = OutputStatus("chat", "apprise", "retrying", "no answer", since=NOW, hanging=2)
    shown = replace(surface(), outputs=lambda: (hanging,))
    assert (
        ask("outputs", shown)
        .splitlines()[-1]
        .endswith("for 3s: no answer: 2 attempts have not returned")
    )
    assert data("outputs", shown)[0]["hanging"] == 2
    one = replace(surface(), outputs=lambda: (replace(hanging, hanging=1),))
    assert ask("outputs", one).rstrip().endswith("1 attempt has not returned")


def test_a_test_is_answered_when_it_is_delivered_or_not() -> None:
    """The reason, and how long it took."""
    assert ask("test-output console") == "delivered in 0.0s\n"
    assert data("test-output console") == {"name": "console", "delivered": True, "seconds": 0}
    assert ask("test-output ops-hook") == "ERR not delivered after 0.0s: connection refused\n"
    assert data("test-output ops-hook")["error"]["code"] == "not_delivered"
    assert ask("test-output nobody").startswith("ERR no output 'nobody'")
    assert ask("test-output").startswith("ERR which output? usage: test-output NAME [text]")
