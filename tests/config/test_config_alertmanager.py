"""An Alertmanager's address, and how often it is told."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from logmond.config.alertmanager import AlertmanagerConfig
from logmond.config.loading import loads
from logmond.errors import ConfigError

WHOLE = {"name": "am", "type": "alertmanager", "url": "http://alertmanager.example:9093"}


def output(**keys: Any) -> AlertmanagerConfig:
    """The only output of a configuration."""
    text = yaml.safe_dump({"outputs": [{**WHOLE, **keys}]})
    (made,) = loads(text, "x.yaml", {}).config.outputs
    assert isinstance(made, AlertmanagerConfig)
    return made


def test_it_is_told_every_minute_whatever_people_have_acknowledged() -> None:
    """It forgets what it does not hear again."""
    made = output()
    assert made.audience.repeat_s == made.settings()["repeat_s"] == 60
    assert made.audience.remind_acknowledged
    assert made.audience.wait_s == 0


def test_private_addresses_are_its_usual_ones() -> None:
    """Unless one says otherwise."""
    url = "http://127.0.0.1:9093"
    assert output(url=url).settings()["allow_private"]
    with pytest.raises(ConfigError, match="is loopback: set allow_private: true"):
        output(url=url, allow_private=False)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, {}),
        ({"token": "abc"}, {"Authorization": "Bearer abc"}),
        ({"username": "u", "password": "p"}, {"Authorization": "Basic dTpw"}),
    ],
)
def test_it_may_ask_who_we_are(keys: dict[str, str], expected: dict[str, str]) -> None:
    """By a token, or by a name and a password."""
    assert output(**keys).settings()["headers"] == expected


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"username": "u"}, "username: needs password or password_file"),
        ({"password": "p"}, 'needs the key "username" for its password'),
        ({"token": "t", "username": "u", "password": "p"}, "token: username is given too"),
        ({"repeat": "never"}, "repeat: "),
        ({"repeat": "2h"}, "must be between 1m and 1h"),
        ({"url": "alertmanager:9093"}, "must begin with https:// or http://"),
        ({"url": "http://u:p@alertmanager.example"}, "must not hold a user or password"),
    ],
)
def test_what_cannot_work_is_told(keys: dict[str, str], told: str) -> None:
    """At its place."""
    with pytest.raises(ConfigError) as caught:
        output(**keys)
    (problem,) = caught.value.problems
    assert told in str(problem)
