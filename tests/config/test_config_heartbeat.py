"""Who notices when logmond itself is gone."""

from __future__ import annotations

import pytest
import yaml

from logmond.config.heartbeat import HeartbeatConfig
from logmond.config.loading import loads
from logmond.errors import ConfigError


def heartbeat(**keys: object) -> HeartbeatConfig:
    """The section."""
    return loads(yaml.safe_dump({"heartbeat": keys}), "x.yaml", {}).config.heartbeat


def test_nobody_is_told_unless_somebody_is_named() -> None:
    """There is no address to guess."""
    assert loads("", "x.yaml", {}).config.heartbeat.url is None
    assert heartbeat(url="https://hc.example/ping/1").every_s == 60


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (
            {"url": "http://127.0.0.1/"},
            "heartbeat.url: 127.0.0.1 is loopback: set allow_private: true",
        ),
        ({"url": "hc.example"}, "heartbeat.url: must begin with https:// or http://"),
        ({"every": "10s", "timeout": "20s"}, "must not be longer than every (10s)"),
        ({"every": "1s"}, "heartbeat.every: must be between 5s and 1d"),
        ({"method": "put"}, 'unknown method "put"'),
    ],
)
def test_what_cannot_be_sent_is_told(keys: dict[str, str], told: str) -> None:
    """At its place; the address itself is a secret."""
    with pytest.raises(ConfigError) as caught:
        heartbeat(**keys)
    (problem,) = caught.value.problems
    assert told in str(problem)
