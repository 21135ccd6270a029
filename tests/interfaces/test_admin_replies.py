"""What operators and programs read about the daemon, its traffic and its sources."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from admin_wire import ask, data
from fake_surface import ConfigLine, FakeStatistics, surface
from surface_values import NGINX, SUMMARY

from logmond.frame.selector import Selector
from logmond.interfaces.surface import SourceStatus
from logmond.stats.results import TopTable


def test_stats_is_one_line_and_the_busiest_sections() -> None:
    """The line of the design, then a table whose numbers are right-aligned."""
    assert ask("stats") == (
        "hits 1,704 (14.2/s)  errors 0.4% 5xx  bytes 18.3 MiB  p95 210ms  over 2m\n"
        " hits  share  section\n"
        "1,412    83%  /api\n"
        "  292    17%  /\n"
    )


def test_stats_by_a_dimension_is_a_table() -> None:
    """One row a group, the keys last so that long ones break nothing."""
    assert ask("stats 5m by vhost").splitlines()[1:] == [
        " hits    /s  share     bytes   4xx   5xx  vhost",
        "1,600  13.3    94%  17.2 MiB  2.0%  0.4%  shop.example",
        "  104   0.9   6.1%   1.1 MiB  8.0%    0%  -",
    ]


@pytest.mark.parametrize(
    ("command", "asked"),
    [
        ("stats", (120, Selector(), None)),
        ("stats 90s", (90, Selector(), None)),
        ("STATS 1h30m BY vhost", (5400, Selector(), "vhost")),
        ("stats section=/api by status", (120, Selector.of({"section": "/api"}), "status")),
        ("stats 5m status=4xx STATUS=5xx", (300, Selector.of({"status": ["4xx", "5xx"]}), None)),
        ("stats bot=ai", (120, Selector.of({"bot": "ai"}), None)),
        ("top path", ("path", 120, 10, False)),
        ("top CLIENT 5m 20", ("client", 300, 20, False)),
        ("top section 20 5m errors", ("section", 300, 20, True)),
    ],
)
def test_words_of_a_question_reach_the_statistics(command: str, asked: object) -> None:
    """Window, conditions, dimension and number of rows are understood in any case."""
    stats = FakeStatistics()
    ask(command, surface(stats=stats))
    assert stats.asked == [asked]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"coverage": "partial"}, 'partial: not every second of the window was observed, see "so'),
        ({"coverage": "empty", "hits": 0, "sections": ()}, 'no lines yet: see "sources"'),
        ({"hits": 0, "sections": ()}, "no requests in this window"),
    ],
)
def test_stats_says_when_its_numbers_mean_less_than_they_seem(
    answer: dict[str, Any], told: str
) -> None:
    """Nobody takes a half observed window for a quiet one."""
    shown = surface(stats=FakeStatistics(replace(SUMMARY, **answer)))
    assert ask("stats", shown).splitlines()[1].startswith(told)


def test_stats_leaves_out_what_it_cannot_know() -> None:
    """No share of errors without hits, no percentile without durations."""
    idle = replace(SUMMARY, hits=0, hits_per_second=0.0, bytes=0, ratio_4xx=None, ratio_5xx=None)
    stats = FakeStatistics(replace(idle, duration=None, sections=()))
    assert ask("stats", surface(stats=stats)).startswith("hits 0 (0.0/s)  bytes 0 B  over 2m\n")


def test_stats_as_json_has_the_published_keys() -> None:
    """All of them, in every answer."""
    found = data("stats 2m by vhost")
    assert list(found) == [
        "window_s",
        "from",
        "to",
        "coverage",
        "hits",
        "hits_per_second",
        "bytes",
        "status",
        "ratio_4xx",
        "ratio_5xx",
        "duration",
        "distinct_clients",
        "sections",
        "groups",
    ]
    assert (found["from"], found["to"]) == ("2026-11-23T17:00:11Z", "2026-11-23T17:02:10Z")
    assert list(found["status"]) == ["1xx", "2xx", "3xx", "4xx", "5xx"]
    assert list(found["sections"][0]) == ["key", "hits", "share"]
    assert found["groups"][0]["key"] == "shop.example"


def test_stats_before_the_first_evaluated_second_has_no_times() -> None:
    """A window that does not exist yet begins nowhere, not in 1969."""
    stats = FakeStatistics(replace(SUMMARY, hits=0, coverage="empty", sections=()))
    stats.evaluated = None
    found = data("stats", surface(stats=stats))
    assert (found["from"], found["to"]) == (None, None)


def test_top_shows_rank_hits_share_and_the_error_of_a_bounded_table() -> None:
    """Hits may be missing from a capped table: the column says how many at most."""
    assert ask("top client").splitlines() == [
        "1,704 lines over 2m, whole 10 s blocks",
        "rank   hits  share  error  client",
        "   1  1,200    70%     +3  203.0.113.7",
        "   2     17   1.0%     +3  2001:db8:1:2::/64",
    ]
    assert list(data("top client")) == ["dimension", "window_s", "total", "rows"]
    assert list(data("top client")["rows"][0]) == ["key", "hits", "share", "error"]


def test_top_of_nothing_points_to_the_sources() -> None:
    """An empty table would look like a mistake of the operator's."""
    stats = FakeStatistics(top=TopTable("path", 120, 0))
    assert ask("top path", surface(stats=stats)) == 'no lines in the last 2m; see "sources"\n'


def test_sources_show_state_account_and_samples_of_rejects() -> None:
    """Everything needed to answer: why are there no lines?"""
    assert ask("sources nginx").splitlines() == [
        "nginx  udp://localhost:5514",
        "  ok",
        "  14.2 lines/s, last line 1s ago",
        "  received 1,710 = counted 1,704 + filtered 4 + unparsed 2 + oversize 0 + cut 0",
        "  of the counted: late 3, skewed 0, truncated suspect 0, repeated 0",
        "  kernel drops 0",
        "  filtered by: notice 4",
        "  loss at the sender cannot be seen",
        r"  unparsed: junk \x1b[31mred",
    ]


def test_a_broken_source_says_why_and_that_nothing_came() -> None:
    """The reason stands behind the state."""
    why = "permission denied; usermod -aG adm logmond"
    apache = SourceStatus("apache", "/var/log/apache2/access.log", "degraded", reason=why)
    assert ask("sources", surface(sources=[apache])).splitlines()[1:3] == [
        f"  degraded: {why}",
        "  0.0 lines/s, no lines yet",
    ]


def test_sources_as_json_have_the_published_keys() -> None:
    """No more and no less than published; raw controls of a log line are escaped."""
    [found] = data("sources")
    assert list(found) == [
        "name",
        "address",
        "state",
        "received",
        "counted",
        "filtered",
        "unparsed",
        "oversize",
        "cut",
        "late",
        "skewed",
        "truncated_suspect",
        "repeated",
        "kernel_drops",
        "lag_s",
        "lines_per_second",
        "last_line_at",
        "samples",
    ]
    assert found["samples"] == {"unparsed": ["junk \x1b[31mred"]}


def test_loss_is_the_equation_of_every_source() -> None:
    """What was received is what was counted and what was not, by outcome."""
    reply = ask("loss").splitlines()
    assert reply[:3] == [
        "lost 2 of 1,710 received",
        "nginx  lost 2",
        "  received 1,710 = counted 1,704 + filtered 4 + unparsed 2 + oversize 0 + cut 0",
    ]
    assert data("loss")["balanced"] is True
    assert data("loss")["lost"] == 2


def test_loss_shouts_when_the_account_does_not_balance() -> None:
    """A message without an outcome is a fault of logmond, and said so."""
    shown = surface(sources=[replace(NGINX, received=1712)])
    assert "  DOES NOT BALANCE: 2 unaccounted for; please report this" in ask("loss", shown)
    assert data("loss", shown)["balanced"] is False


def test_parse_shows_how_a_line_is_read() -> None:
    """The line goes to the formats byte by byte as it was typed."""
    assert ask("parse 192.0.2.1  - -") == "format combined\nclient 192.0.2.1\n"
    assert data("parse 192.0.2.1 - -") == {"client": "192.0.2.1"}
    assert ask("parse junk") == "ERR no format takes it; combined: client at 0\n"


def test_samples_say_what_became_of_each_line() -> None:
    """Of one source, named as it is configured."""
    assert ask("samples nginx") == "counted: nginx GET /\nunparsed: junk\n"
    assert data("samples NGINX")[0] == {"kind": "counted", "text": "nginx GET /"}


def test_config_shows_every_value_with_its_origin() -> None:
    """Aligned; secrets come as stars already."""
    assert ask("config").splitlines() == [
        "key          value  origin",
        "stats.delay  3s     default",
        "admin.token  ***    environment LOGMOND_ADMIN__TOKEN",
    ]
    assert data("config")[1]["value"] == "***"


def test_a_long_value_moves_only_its_own_origin() -> None:
    """A pasted log format left all others a screen away."""
    pasted = "$remote_addr " * 20
    lines = [ConfigLine("format", pasted, "f.yaml:3:5"), ConfigLine("delay", "3s", "default")]
    assert ask("config", replace(surface(), config=lambda: lines)).splitlines() == [
        "key     value  origin",
        f"format  {pasted}  f.yaml:3:5",
        "delay   3s     default",
    ]


def test_help_fits_a_terminal_and_names_every_command() -> None:
    """Command, what it does, an example; at most 78 columns."""
    lines = ask("help").splitlines()
    assert max(map(len, lines)) <= 78
    words = {line.split()[0] for line in lines}
    named = """help status stats top sources loss rules incidents incident ack unack silence watch
    parse samples outputs test-output config reload json auth version quit"""
    assert words >= set(named.split())
    assert ask("help stats").splitlines()[0] == "stats [WINDOW] [dim=value...] [by DIM]"


def test_version_is_said() -> None:
    """For people and for programs."""
    assert ask("version") == "logmond 0.1.0\n"
    assert data("version") == {"version": "0.1.0"}
