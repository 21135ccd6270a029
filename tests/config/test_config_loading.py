"""A file becomes a checked configuration, or every problem at once, each at its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from config_text import config

from logmond.alerts.rule import DEFAULT_RULES
from logmond.config.addresses import Address
from logmond.config.loading import load, loads, review
from logmond.config.schema import ConsoleConfig, FileConfig
from logmond.errors import ConfigError
from logmond.frame.selector import Selector

WHOLE = """\
node: web1
sources:
  - name: nginx
    listen: [udp://localhost:5514, tcp://localhost:5514, unixgram:///run/logmond.sock]
    accept: {tag: nginx}
    format: auto
  - name: apache
    files: [/var/log/apache2/access.log]
    start: beginning
    format: apache-combined
    timezone: UTC
stats:
  delay: 3s
  memory_limit: 64MiB
  labels:
    bot: {field: user_agent, contains: {ai: [GPTBot, ClaudeBot], search: [Googlebot, bingbot]}}
rules:
  - name: high-traffic
    metric: hits_per_second
    window: 2m
    above: 10
  - name: errors
    metric: ratio_5xx
    where: {section: [/api, /login]}
    group_by: [vhost]
    window: 1m
    above: {warning: 5%, critical: 15%}
    recover: 2%
    for: 30s
    min_hits: 120
    runbook: https://wiki.example/errors
  - {name: silent, metric: hits, window: 5m, below: 1, no_data: alert}
outputs:
  - {name: console, type: console, every: 10s}
  - {name: alert-log, type: file, path: /var/log/logmond/alerts.log, format: text}
history: {url: sqlite:///var/lib/logmond/state.db, keep: 30d}
admin: {listen: tcp://localhost:9000}
"""


def test_the_whole_shape_is_read_with_its_units() -> None:
    """The example of the design becomes plain values in base units."""
    read = config(WHOLE)
    nginx, apache = read.sources
    assert nginx.listen[2] == Address("unixgram", path="/run/logmond.sock")
    assert nginx.accept.tag == ("nginx",)
    assert (apache.files, apache.start) == (("/var/log/apache2/access.log",), "beginning")
    assert apache.zone() is not None
    assert len(apache.formats()) == 1
    assert (read.node, read.stats.delay_s, read.stats.max_skew_s) == ("web1", 3, 600)
    assert read.stats.memory_limit_bytes == 64 << 20
    assert read.stats.labels["bot"].contains["ai"] == ("GPTBot", "ClaudeBot")
    assert isinstance(read.outputs[0], ConsoleConfig)
    assert isinstance(read.outputs[1], FileConfig)
    assert read.outputs[1].mode_bits == 0o640
    assert read.history.path == "/var/lib/logmond/state.db"
    assert read.history.keep_s == 30 * 86400
    assert read.admin.listen == Address("tcp", "localhost", 9000)


def test_a_rule_is_built_as_alerts_take_it() -> None:
    """Shares are fractions, lengths are seconds, limits stand mildest first."""
    rule = config(WHOLE).rules[1].build()
    assert rule.selector == Selector.of({"section": ["/api", "/login"]})
    assert rule.above == (("warning", 0.05), ("critical", 0.15))
    assert (rule.window_s, rule.for_s, rule.hold_s, rule.min_hits) == (60, 30, 30, 120)
    assert (rule.recover, rule.group_by) == (0.02, ("vhost",))


def test_without_a_file_the_defaults_run() -> None:
    """Syslog on localhost, the one built-in rule, the console, and nothing kept."""
    loaded = load(None, {})
    read = loaded.config
    assert [str(address) for address in read.sources[0].listen] == [
        "udp://localhost:5514",
        "tcp://localhost:5514",
    ]
    assert tuple(rule.build() for rule in read.rules) == DEFAULT_RULES
    assert [output.type for output in read.outputs] == ["console"]
    assert str(read.admin.listen) == "tcp://localhost:9000"
    assert read.history.path is None
    assert {line.origin for line in loaded.origins} == {"default"}


def test_an_empty_file_has_defaults_and_keeps_state() -> None:
    """A service's file that says nothing runs with everything default, history included."""
    read = config("# nothing\n")
    assert read.history.path == "/var/lib/logmond/state.db"
    assert [source.name for source in read.sources] == ["syslog"]


def test_a_section_whose_keys_are_commented_out_has_its_defaults() -> None:
    """``stats:`` alone is what remains when its keys are commented out."""
    assert config("stats:\nadmin:\n").stats == config("").stats


def test_history_none_turns_it_off() -> None:
    """The short form and the long one mean the same."""
    assert config("history: none\n") == config("history: {url: none}\n")
    assert config("history: none\n").history.path is None


def test_equal_files_give_equal_sections() -> None:
    """A reload sees what changed by comparing sections."""
    old, new = config(WHOLE), config(WHOLE.replace("above: 10", "above: 20"))
    assert old == config(WHOLE)
    assert old.sources == new.sources
    assert old.rules[0] != new.rules[0]
    assert old.rules[1:] == new.rules[1:]


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    """Editors on other systems put one at the start."""
    path = tmp_path / "f.yaml"
    path.write_bytes(b"\xef\xbb\xbfnode: web1\n")
    assert load(str(path), {}).config.node == "web1"


def test_a_review_adds_what_the_user_cannot_read(tmp_path: Path) -> None:
    """The warnings of the load come first, then those of the files."""
    text = f"sources: [{{name: a, files: {tmp_path}/a.log}}]\nrules:\n"
    text += "  - {name: slow, metric: duration_p99, above: 2s}\n"
    loaded = loads(text.replace("}]", ", format: combined}]"), "f.yaml", {})
    assert review(loaded) == [
        "f.yaml:3:5: slow: no source carries a duration; add $request_time (nginx) or %D (Apache)",
        f"f.yaml:1:28: a: {tmp_path}/a.log does not exist yet; waited for",
    ]
    with pytest.raises(ConfigError, match='--user: no user "nobody-here" on this machine'):
        review(loaded, "nobody-here")
