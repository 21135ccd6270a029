"""Environment and --set lie over the file, items by name, and say when they name nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from logmond.config.lines import changes
from logmond.config.loading import ConfigLine, Loaded, load, loads
from logmond.errors import ConfigError

FILE = """\
sources:
  - {name: nginx, listen: udp://localhost:5514}
rules:
  - {name: high-traffic, metric: hits_per_second, above: 10}
  - {name: errors, metric: ratio_5xx, above: {warning: 5%, critical: 15%}}
stats: {delay: 4s}
"""


def loaded(environ: dict[str, str] | None = None, *sets: str) -> Loaded:
    """The file under an environment and settings."""
    return loads(FILE, "f.yaml", environ or {}, sets)


def problems(environ: dict[str, str] | None = None, *sets: str) -> list[str]:
    """What is wrong with an environment and settings over the file."""
    with pytest.raises(ConfigError) as caught:
        loaded(environ, *sets)
    return [str(problem) for problem in caught.value.problems]


def line(of: Loaded, key: str) -> ConfigLine:
    """The line of one key."""
    return next(line for line in of.origins if line.key == key)


def test_set_wins_over_environment_over_file_over_default() -> None:
    """Each layer gives way to the one above it, and the origin says which it was."""
    name = "LOGMOND_STATS__DELAY"
    assert line(loads("", "f.yaml", {}), "stats.delay") == ConfigLine(
        "stats.delay", "3s", "default"
    )
    assert line(loaded(), "stats.delay") == ConfigLine("stats.delay", "4s", "f.yaml:6:16")
    assert line(loaded({name: "5s"}), "stats.delay") == ConfigLine(
        "stats.delay", "5s", f"environment {name}"
    )
    over = loaded({name: "5s"}, "stats.delay=6s")
    assert line(over, "stats.delay") == ConfigLine("stats.delay", "6s", "--set stats.delay")
    assert over.config.stats.delay_s == 6


def test_items_of_lists_go_by_name() -> None:
    """A rule is found by its name, its dashes typed as underscores in the environment."""
    config = loaded(
        {"LOGMOND_RULES__HIGH_TRAFFIC__ABOVE": "50"}, "rules.errors.above.critical=20%"
    ).config
    assert config.rules[0].build().above == (("warning", 50.0),)
    assert config.rules[1].build().above == (("warning", 0.05), ("critical", 0.2))


def test_built_in_items_can_be_set_without_a_file() -> None:
    """The demonstration limit is changed by one variable."""
    config = load(None, {"LOGMOND_RULES__HIGH_TRAFFIC__ABOVE": "50"}).config
    assert config.rules[0].build().above == (("warning", 50.0),)


@pytest.mark.parametrize(
    ("setting", "key", "value"),
    [
        ("sources.nginx.listen=tcp://*:5514", "sources.nginx.listen", '["tcp://*:5514"]'),
        ('sources.nginx.listen=["udp://[::1]:1", tcp://*:2]', "sources.nginx.listen", None),
        ("sources.nginx.accept.tag=nginx", "sources.nginx.accept.tag", "[nginx]"),
        (
            "stats.labels.bot={field: user_agent, contains: {ai: GPTBot}}",
            "stats.labels.bot.field",
            "user_agent",
        ),
        ("rules.errors.where.section=/api", "rules.errors.where.section", "/api"),
        ("rules.errors.group_by=[vhost]", "rules.errors.group_by", "[vhost]"),
        ("rules.errors.min_hits=12", "rules.errors.min_hits", "12"),
        ("rules.errors.above=7%", "rules.errors.above", "7%"),
        ("outputs.console.every=5s", "outputs.console.every", "5s"),
        ("history=none", "history.url", "none"),
        ("history.keep=1d", "history.keep", "1d"),
        ("admin.insecure=true", "admin.insecure", "true"),
        ("node=web9", "node", "web9"),
        ("rules=[]", "rules", "[]"),
    ],
)
def test_every_kind_of_value_can_be_set_as_text(setting: str, key: str, value: str | None) -> None:
    """Numbers, booleans, lists and mappings need no file."""
    over = loaded(None, setting)
    shown = line(over, key)
    assert shown.origin == f"--set {setting.partition('=')[0]}"
    if value is not None:
        assert shown.value.replace('"', "") == value.replace('"', "")
    name = "LOGMOND_" + setting.partition("=")[0].upper().replace(".", "__").replace("-", "_")
    assert loaded({name: setting.partition("=")[2]}).config == over.config


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("LOGMOND_STAT__DELAY", 'unknown key "stat"; did you mean LOGMOND_STATS?'),
        ("LOGMOND_STATS__DELAI", 'unknown key "delai"; did you mean LOGMOND_STATS__DELAY?'),
        (
            "LOGMOND_RULES__HIGH_TRAFIC__ABOVE",
            'nothing named "high_trafic" in rules; did you mean LOGMOND_RULES__HIGH_TRAFFIC?',
        ),
        ("LOGMOND_RULES__X__ABOVE", 'nothing named "x" in rules; there are: high-traffic, errors'),
        (
            "LOGMOND_RULES__ERRORS__ABOVE__CRITICL",
            'unknown key "criticl"; did you mean LOGMOND_RULES__ERRORS__ABOVE__CRITICAL?',
        ),
        ("LOGMOND_STATS__DELAY__X", 'stats.delay is a single value; it has no "x"'),
        ("LOGMOND_QQ", 'unknown key "qq"; there are: node, sources, stats'),
        (
            "LOGMOND_ADMIN_LISTEN",
            'unknown key "admin_listen"; there are: node, sources, stats, rules, outputs, '
            "heartbeat, history, admin; did you mean LOGMOND_ADMIN__LISTEN?",
        ),
        ("LOGMOND_", 'unknown key ""; there are: '),
    ],
)
def test_a_variable_that_names_nothing_is_an_error(name: str, problem: str) -> None:
    """A misspelt variable would otherwise be ignored for ever."""
    told = problems({name: "5s"})
    assert len(told) == 1
    assert told[0].startswith(f"environment {name}: {problem}")


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ("stats.delay", "--set stats.delay: must be key=value, for example stats.delay=5s"),
        ("=5s", "--set : must be key=value, for example stats.delay=5s"),
        ("stats.delai=5s", '--set stats.delai: unknown key "delai"; did you mean stats.delay?'),
        ("stats.delay=5", "--set stats.delay: stats.delay: needs a unit (ms, s, m, h, d): 5s"),
        ("rules=[1", "--set rules: not YAML: "),
        ("rules=[&a x]", "--set rules: anchors are not read"),
        ("sources=x", '--set sources: sources: must be a list, not "x"'),
        ("rules.errors.above=\udcff", "--set rules.errors.above: is not UTF-8 text"),
        ("rules.errors.where.\udcff=x", "--set rules.errors.where.\\udcff: is not UTF-8 text"),
        ('rules.errors.where={"\\ud800": x}', "--set rules.errors.where: character U+D800 is not"),
    ],
)
def test_a_setting_that_cannot_be_used_is_an_error(setting: str, problem: str) -> None:
    """The place of the problem is the setting itself."""
    told = problems(None, setting)
    assert len(told) == 1
    assert told[0].startswith(problem)


def test_problems_of_all_layers_come_together() -> None:
    """The file first, then the environment, then --set."""
    with pytest.raises(ConfigError) as caught:
        loads("nod: a\n", "f.yaml", {"LOGMOND_STATS__DELAY": "x", "LOGMOND_Q": ""}, ["admin.q=1"])
    assert [problem.place for problem in caught.value.problems] == [
        "f.yaml:1:1",
        "environment LOGMOND_Q",
        "environment LOGMOND_STATS__DELAY",
        "--set admin.q",
    ]


def test_a_good_setting_mends_a_bad_value_of_the_file() -> None:
    """What is overridden is not complained about."""
    config = loads(
        "stats: {delay: soon}\nnode: 4\n", "f", {"LOGMOND_NODE": "a"}, ["stats.delay=1s"]
    )
    assert config.config.stats.delay_s == 1


def test_variables_of_a_service_named_logmond_are_not_ours() -> None:
    """Kubernetes and Docker put the addresses of a service of this name into the environment."""
    ours = loaded(
        {
            "LOGMOND_PORT": "udp://10.0.0.1:5514",
            "LOGMOND_PORT_5514_UDP_ADDR": "10.0.0.1",
            "LOGMOND_SERVICE_HOST": "10.0.0.1",
            "LOGMOND_SERVICE_PORT_SYSLOG": "5514",
        }
    )
    assert ours.config == loaded().config


def test_a_secret_is_read_from_its_file_and_never_shown(tmp_path: Path) -> None:
    """The token works, `config` shows stars, and its origin is the file."""
    token = tmp_path / "token"
    token.write_text("s3cret-token\n")
    over = loaded({"LOGMOND_ADMIN__TOKEN_FILE": str(token)}, "admin.listen=tcp://0.0.0.0:9000")
    assert over.config.admin.token == "s3cret-token"
    assert line(over, "admin.token") == ConfigLine("admin.token", "***", str(token))
    assert "s3cret-token" not in repr(over)


def test_a_token_in_the_file_is_never_shown() -> None:
    """Not by its line, not by the object's text, not by an error beside it."""
    text = "admin: {token: s3cret-token}\n"
    over = loads(text, "f.yaml", {})
    assert line(over, "admin.token") == ConfigLine("admin.token", "***", "f.yaml:1:16")
    assert "s3cret-token" not in repr(over)
    for wrong in ("admin: {token: 's3cret token'}\n", "admin: {token: [s3cret]}\n"):
        with pytest.raises(ConfigError) as caught:
            loads(wrong, "f.yaml", {})
        assert "s3cret" not in str(caught.value)


def test_a_secret_file_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    """Missing, empty, given twice: one problem each, at the key that names the file."""
    empty = tmp_path / "empty"
    empty.write_text("\n")
    wide = "admin.listen=tcp://0.0.0.0:9000"
    place = "--set admin.token_file: admin.token_file: "
    assert problems(None, wide, f"admin.token_file={tmp_path}/none") == [
        f"{place}cannot read {tmp_path}/none: no such file or directory"
    ]
    assert problems(None, wide, f"admin.token_file={empty}") == [f"{place}{empty} is empty"]
    assert problems(None, "admin.token=x", f"admin.token_file={empty}") == [
        f"{place}token is given too; remove one of them"
    ]
    assert problems(None, "admin.token_file=token") == [
        f'{place}must be an absolute path, not "token"'
    ]


@pytest.mark.parametrize("listen", ["tcp://0.0.0.0:9000", "tcp://*:9000", "tcp://[::]:9000"])
def test_admin_beyond_loopback_needs_a_token(listen: str) -> None:
    """The message names what would do; a token or `insecure: true` does."""
    told = problems(None, f"admin.listen={listen}")
    assert told == [
        f"--set admin.listen: admin.listen: {listen} can be reached from other machines: "
        "set token_file or token, or insecure: true to leave it open"
    ]
    loaded(None, f"admin.listen={listen}", "admin.token=abc")
    open_to_all = loaded(None, f"admin.listen={listen}", "admin.insecure=true")
    assert any("can silence alerts" in warning for warning in open_to_all.warnings)


def test_changes_between_two_configurations_are_told_by_key() -> None:
    """A reload says what is new, what is gone and what differs, and nothing else."""
    old = loaded().config
    assert changes(old, loaded().config) == []
    assert changes(old, loaded(None, "stats.delay=5s", "history=none").config) == [
        "stats.delay: 4s -> 5s",
        "history.url: sqlite:///var/lib/logmond/state.db -> none",
    ]
    one = loaded(None, "admin.token=a").config
    assert changes(one, loaded(None, "admin.token=b").config) == ["a secret"]
