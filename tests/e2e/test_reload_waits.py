"""What a reload cannot put in force: it waits for the next start, and nobody is told otherwise."""

from __future__ import annotations

from collections.abc import Callable

from daemon import Daemon

Start = Callable[..., Daemon]

_LABEL = {"labels": {"bot": {"field": "user_agent", "contains": {"ai": ["GPTBot"]}}}}
_PLAIN = {"name": "plain", "metric": "hits", "below": 1}
_BOTS = {"name": "bots", "metric": "hits", "where": {"bot": "ai"}, "below": 1}


def test_a_rule_waits_for_the_start_that_brings_its_label(daemon_of: Start) -> None:
    """Until then no line has the label; the rule would see silence where there is none."""
    daemon = daemon_of({"rules": [_PLAIN]})
    daemon.configure({"rules": [_PLAIN, _BOTS], "stats": _LABEL})
    waits = [
        "stats: takes effect at the next start",
        "rule bots: takes effect at the next start, with its label bot",
    ]
    assert daemon.ask("reload") == ["reloaded", *waits]
    assert [rule["name"] for rule in daemon.json("rules")] == ["plain"]
    assert daemon.ask("reload") == ["reloaded", *waits]
    assert daemon.stop() == 0
    daemon.start()
    assert daemon.ask("reload") == ["reloaded", "nothing changed"]
    assert [rule["name"] for rule in daemon.json("rules")] == ["plain", "bots"]
