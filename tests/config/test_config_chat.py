"""Addresses of people are checked when the configuration is read, and never shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from logmond.config.chat import AppriseConfig, IrcConfig
from logmond.config.loading import loads
from logmond.errors import ConfigError
from logmond.outputs import chaturl

SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/"


def output(**keys: Any) -> Any:
    """The only output of a configuration."""
    text = yaml.safe_dump({"outputs": [{"name": "ops", **keys}]})
    return loads(text, "x.yaml", {}).config.outputs[0]


def problems(**keys: Any) -> list[str]:
    """What is wrong with an output."""
    with pytest.raises(ConfigError) as caught:
        output(**keys)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    "url",
    [
        SLACK,
        "mailto://mail.example:25/?from=a@b.example&to=c@d.example",
        "tgram://123456789:abcdefg_hijklmnop/12315544/",
        "pagerduty://A1BRTD4JD@TIiajkdnlazkcOXrIdevi7FQ/node01.local",
        "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
    ],
)
def test_a_url_that_apprise_can_use_is_taken(url: str) -> None:
    """One, or several."""
    one, more = output(type="apprise", url=url), output(type="apprise", url=[url, SLACK])
    assert isinstance(one, AppriseConfig)
    assert one.settings() == {"urls": (url,)}
    assert more.settings() == {"urls": (url, SLACK)}


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("slak://T1JJ3T3L2/s3cr3t", 'Apprise knows no slak://; did you mean "slack://"?'),
        ("qqqqqqq://s3cr3t", "https://appriseit.com/services/ lists all"),
        ("s3cr3t", "must be a URL of Apprise: SCHEME://..., such as mailto://"),
        (
            "slack://T1JJ3T3L2/A1BRTD4JD/s3cr3t!",
            "Apprise cannot use this slack:// URL (An invalid Slack (third) Token (***) was "
            "specified.); one is like slack://{token_a}/{token_b}/{token_c}",
        ),
        ("https://s3cr3t.example/s3cr3t", "an output of type webhook posts JSON to any server"),
        ("https://me:s3cr3t@h/x", "(Unparseable URL https://***:***@***/***)"),
        ("tgram://s3cr3t", "one is like tgram://{bot_token}"),
        ([SLACK, "slak://s3cr3t"], "x.yaml:6:5: outputs[0].url[1]: Apprise knows no slak://"),
        ([SLACK] * 9, "has 9 URLs; at most 8"),
        ([], "must be a URL of Apprise"),
        (7, "must be a URL of Apprise"),
    ],
)
def test_a_url_that_apprise_cannot_use_is_told_without_its_secrets(url: Any, told: str) -> None:
    """At its place, with what would work."""
    (problem,) = problems(type="apprise", url=url)
    assert problem.startswith("x.yaml:")
    assert told in problem
    assert "s3cr3t" not in problem


def test_a_service_that_needs_a_package_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    """Apprise itself only says that it is disabled."""
    plugin = chaturl.library().manager_plugins.NotificationManager()["mqtt"]
    monkeypatch.setattr(plugin, "enabled", False)
    (problem,) = problems(type="apprise", url="mqtt://broker.example/topic")
    assert problem.endswith("mqtt:// cannot be used: pip install 'paho-mqtt >= 2.1.0'")


def test_a_missing_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Apprise is optional."""

    def missing(name: str) -> Any:
        raise ImportError(name)

    chaturl.library.cache_clear()
    monkeypatch.setattr(chaturl, "import_module", missing)
    (problem,) = problems(type="apprise", url=SLACK)
    assert "needs the extra notify; in logmond's source: make install EXTRAS=notify" in problem


def test_a_file_may_hold_several_urls(tmp_path: Path) -> None:
    """One a line; a bad one is told by its number and the file."""
    file = tmp_path / "ops.url"
    file.write_text(f"{SLACK}\n\nmailto://mail.example/?from=a@b.example\n")
    assert len(output(type="apprise", url_file=str(file)).url) == 2
    file.write_text(f"{SLACK}\nslak://s3cr3t\n")
    (problem,) = problems(type="apprise", url_file=str(file))
    assert f"{file}" in problem
    assert 'URL 2: Apprise knows no slak://; did you mean "slack://"?' in problem


def test_an_apprise_output_needs_a_url() -> None:
    """In the file, or in one of its own."""
    (problem,) = problems(type="apprise")
    assert 'needs the key "url" or "url_file"' in problem


def test_the_url_is_not_shown() -> None:
    """`config` and logs show stars."""
    text = yaml.safe_dump({"outputs": [{"name": "ops", "type": "apprise", "url": [SLACK]}]})
    config = loads(text, "x.yaml", {}).config
    assert dict(config.as_lines())["outputs.ops.url"] == "***"
    assert "T1JJ3T3L2" not in repr(config)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("ircs://irc.example:7000", (True, "irc.example", 7000)),
        ("ircs://irc.example", (True, "irc.example", 6697)),
        ("irc://127.0.0.1/", (False, "127.0.0.1", 6667)),
        ("irc://[::1]:16667", (False, "::1", 16667)),
    ],
)
def test_an_irc_server_is_a_url(url: str, expected: tuple[bool, str, int]) -> None:
    """With the usual ports."""
    made = output(type="irc", server=url, channel="#ops")
    assert isinstance(made, IrcConfig)
    server = made.settings()["server"]
    assert (server.tls, server.host, server.port) == expected


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"server": "irc.example:6667"}, "must be ircs://HOST:PORT or irc://HOST:PORT"),
        ({"server": "irc://h:99999"}, "port 99999 does not exist"),
        ({"server": "irc://[:::]:1"}, "does not appear to be an IPv4 or IPv6 address"),
        ({"channel": "#ops,#dev"}, "must be one channel without spaces, commas and colons"),
        ({"channel": "#" + "o" * 64}, "is longer than 64 bytes"),
        ({"account": "me"}, "needs password or password_file"),
        ({"ca_file": "/x.pem", "server": "irc://h"}, "has no use without ircs://"),
    ],
)
def test_what_no_irc_server_takes_is_told(keys: dict[str, Any], told: str) -> None:
    """At its place."""
    whole = {"type": "irc", "server": "ircs://irc.example", "channel": "#ops", **keys}
    (problem,) = problems(**whole)
    assert told in problem
