"""What is legal and will not work is warned about, once, by the name of the rule or source."""

from __future__ import annotations

import pytest

from logmond.config.loading import loads

_SOURCES = """\
sources:
  - {name: nginx, listen: udp://localhost:5514, format: combined}
  - {name: shop, files: /var/log/shop.log, format: nginx-timed}
"""

WRITERS = (("first", "/a.log"), ("second", "/b.log"), ("third", "/a.log"))


def warnings(text: str) -> list[str]:
    """The warnings of a text, without their places."""
    return [w.split(": ", 1)[1] for w in loads(text, "f.yaml", {}).warnings]


def about(rule: str, sources: str = _SOURCES, stats: str = "") -> list[str]:
    """The warnings about one rule."""
    return warnings(f"{sources}{stats}rules:\n  - {{name: r, {rule}}}\n")


@pytest.mark.parametrize(
    "rule",
    [
        "metric: hits, above: 1",
        "metric: duration_p99, above: 2s",
        "metric: duration_p99, above: 2s, where: {source: sh*}",
        "metric: hits, above: 1, where: {section: [/, /api, '/a*', '*', '-', '*/api', '/?pi']}",
        "metric: hits, above: 1, where: {status: [404, 5xx, '4?4', '-']}",
        "metric: hits, above: 1, where: {method: [GET, '*']}",
        "metric: hits, below: 1, no_data: alert",
        "metric: hits, below: 1, no_data: ignore",
        "metric: ratio_5xx, above: 5%, min_hits: 100",
        "metric: unparsed_ratio, above: 5%, where: {source: nginx}",
        "metric: kernel_drops, above: 0",
        "metric: hits, window: 5m, above_baseline: 3x",
        "metric: ratio_5xx, above_baseline: {warning: 3x, critical: 6x}, min_hits: 100",
        "metric: hits, below_baseline: 0.3x, no_data: alert",
    ],
)
def test_a_rule_that_works_is_not_warned_about(rule: str) -> None:
    """A warning that is always there would not be read."""
    assert about(rule) == []


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            "metric: duration_p99, above: 2s, where: {source: nginx}",
            "no source carries a duration; add $request_time (nginx) or %D (Apache)",
        ),
        (
            "metric: hits, above: 1, where: {vhost: shop.example}",
            "no source carries a virtual host; add $host (nginx) or %v (Apache)",
        ),
        (
            "metric: hits, above: 1, group_by: vhost",
            "no source carries a virtual host; add $host (nginx) or %v (Apache)",
        ),
        (
            "metric: hits, above: 1, where: {source: ngnix}",
            'no source is named "ngnix"; did you mean "nginx"?',
        ),
        (
            "metric: hits, above: 1, where: {section: api}",
            'a section begins with a slash: "/api"',
        ),
        (
            "metric: hits, above: 1, where: {section: /api/v1}",
            "a section ends before its second slash: /api/v1 is in /api",
        ),
        (
            "metric: hits, above: 1, where: {section: /api/*}",
            "a section ends before its second slash: /api/* is in /api",
        ),
        (
            "metric: hits, above: 1, where: {section: '*/wp/*'}",
            "a section ends before its second slash: */wp/* is in */wp",
        ),
        (
            "metric: hits, above: 1, where: {method: 'GET,POST'}",
            'no method is "GET,POST"; several are a list: [GET, POST]',
        ),
        (
            "metric: hits, above: 1, where: {status: '000'}",
            '000 is counted as no status: "-"',
        ),
        (
            "metric: hits, above: 1, where: {status: 5x}",
            'no status is "5x"; it is like 404, 5xx or 40*',
        ),
        ("metric: hits, above: 1, where: {method: get}", "methods are upper case: GET"),
        (
            "metric: hits, below: 1",
            "a below rule says nothing while its source is broken; add no_data: alert",
        ),
        (
            "metric: hits, above: 1, min_hits: 5",
            "min_hits has no effect; it is for ratios and percentiles",
        ),
        (
            "metric: ratio_5xx, above: 5%, where: {status: 5xx}, min_hits: 20",
            "selects by status, which is what the ratio measures",
        ),
        (
            "metric: kernel_drops, above: 0, where: {source: shop}",
            "no source listens on udp://, where the kernel drops datagrams",
        ),
        (
            "metric: hits, above: {critical: 5}, severity: info",
            "severity has no effect; every limit has its own",
        ),
    ],
)
def test_a_rule_that_cannot_work_is_warned_about(rule: str, message: str) -> None:
    """The warning names the rule and what would help."""
    assert about(rule) == [f"r: {message}"]


def test_a_warning_stands_at_the_place_of_its_rule() -> None:
    """An editor can jump to it."""
    text = "rules:\n  - name: silent\n    metric: hits\n    below: 1\n"
    assert loads(text, "etc/logmond.yaml", {}).warnings == [
        "etc/logmond.yaml:2:5: silent: a below rule says nothing while its source is broken; "
        "add no_data: alert"
    ]


@pytest.mark.parametrize(
    ("vhost", "messages"),
    [
        ("[shop.example, '*.example', '[::1]', '-']", []),
        ("Shop.Example", ["virtual hosts are counted in lower case: shop.example"]),
        ("'shop.example:443'", ["virtual hosts are counted without their port: shop.example"]),
        (
            "'https://shop.example'",
            ["a virtual host is a name alone, without scheme and path"],
        ),
    ],
)
def test_a_virtual_host_is_wanted_as_it_is_counted(vhost: str, messages: list[str]) -> None:
    """Written otherwise, the rule would never see a request."""
    sources = "sources:\n  - {name: web, files: /var/log/web.log, format: vhost-combined}\n"
    found = about(f"metric: hits, above: 1, where: {{vhost: {vhost}}}", sources)
    assert found == [f"r: {message}" for message in messages]


def test_a_label_is_a_dimension_of_rules_and_its_values_are_known() -> None:
    """A rule may use a label; a value that the label never has is pointed out."""
    stats = "stats: {labels: {bot: {field: user_agent, contains: {ai: GPTBot, search: Google}}}}\n"
    rule = "metric: hits, above: 1, where: {bot: %s}"
    assert about(rule % "[ai, '-', 's*']", stats=stats) == []
    assert about(rule % "'seo*'", stats=stats)[0].startswith('r: label bot has no value "seo*"')
    assert about(rule % "serch", stats=stats) == [
        'r: label bot has no value "serch"; did you mean "search"?'
    ]


def test_a_rule_by_a_label_reads_sources_that_carry_its_field() -> None:
    """HAProxy's lines name no user agent, so that none of them is a bot."""
    proxy = "  - {name: proxy, listen: udp://localhost:5515, format: haproxy-http}\n"
    stats = "stats: {labels: {bot: {field: user_agent, contains: {ai: GPTBot}}}}\n"
    missing = ["r: no source carries a user agent; use a combined format"]
    for used in ("where: {source: proxy, bot: ai}", "where: {source: proxy}, group_by: bot"):
        assert about(f"metric: hits, above: 1, {used}", _SOURCES + proxy, stats) == missing
    assert about("metric: hits, above: 1, where: {bot: ai}", _SOURCES + proxy, stats) == []


def test_a_label_without_its_field_is_warned_about() -> None:
    """The common format has no user agent to look at."""
    text = "sources: [{name: a, stdin: true, format: common}]\n"
    text += "stats: {labels: {bot: {field: user_agent, contains: {ai: GPTBot}}}}\n"
    assert warnings(text) == ["bot: no source carries a user agent; use a combined format"]


def test_an_address_read_twice_is_warned_about() -> None:
    """The second listener could not be bound; so could a port that admin has."""
    text = "sources:\n"
    text += "  - {name: a, listen: [udp://localhost:5514, tcp://*:9000]}\n"
    text += "  - {name: b, listen: 'udp://127.0.0.1:5514'}\n"
    assert warnings(text) == [
        "b: udp://127.0.0.1:5514 is taken by source a (udp://localhost:5514)",
        "a: tcp://*:9000 is taken by admin.listen (tcp://localhost:9000)",
    ]


def test_a_pattern_read_twice_is_warned_about() -> None:
    """Every line would be counted twice."""
    text = "sources: [{name: a, files: [/x.log]}, {name: b, files: [/y.log, /x.log]}]\n"
    assert warnings(text) == ["b: /x.log is read by source a already"]


def test_a_file_written_twice_is_warned_about() -> None:
    """Every event would stand there twice."""
    outputs = ", ".join(f"{{name: {name}, type: file, path: {path}}}" for name, path in WRITERS)
    text = f"sources: [{{name: a, files: [/x.log]}}]\noutputs: [{outputs}]\n"
    assert warnings(text) == ["third: /a.log is written by first already"]


def test_odd_sources_are_warned_about() -> None:
    """A tag cannot be accepted where there is none; a relative path depends on the start."""
    assert warnings("sources: [{name: a, files: x.log, accept: {tag: nginx}}]\n") == [
        "a: accept.tag filters every line that has no syslog header",
        "a: x.log depends on the directory the daemon is started in; write it from /",
    ]


@pytest.mark.parametrize(
    ("rule", "history", "message"),
    [
        ("above_baseline: 3x", "none", "without history only the last 3 hours are known"),
        ("above_baseline: 3x", "{keep: 14d}", "looks at the same time on the last 14 days; his"),
        ("above_baseline: 3x, min_hits: 0", "{keep: 15d}", "with min_hits: 0 a few requests at"),
        ("below_baseline: 0.3x", "{keep: 15d}", "a below rule says nothing while its source is"),
    ],
)
def test_a_baseline_that_will_not_be_known_is_warned_about(
    rule: str, history: str, message: str
) -> None:
    """Fourteen days of history, or it compares with less than one thinks."""
    text = f"{_SOURCES}history: {history}\nrules:\n  - {{name: r, metric: hits, {rule}}}\n"
    (warning,) = warnings(text)
    assert warning.startswith(f"r: {message}") or message in warning
