"""Outputs that reach people: what is told of them, and what is wrong with them, at its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from logmond.config.loading import Loaded, loads
from logmond.config.notify import NotifierConfig
from logmond.errors import ConfigError
from logmond.outputs.audience import Audience, Terms

HOOK = {"name": "hook", "type": "webhook", "url": "https://hooks.example/T0K3N"}


def loaded(**output: Any) -> Loaded:
    """A configuration with one output."""
    return loads(yaml.safe_dump({"outputs": [output]}), "f.yaml", {})


def only(**output: Any) -> NotifierConfig:
    """That output."""
    [found] = loaded(**output).config.outputs
    assert isinstance(found, NotifierConfig)
    return found


def problems(**output: Any) -> list[str]:
    """What is wrong with it."""
    with pytest.raises(ConfigError) as caught:
        loaded(**output)
    return [str(problem) for problem in caught.value.problems]


def test_what_every_notifier_has_has_defaults() -> None:
    """Warnings and graver, their ends, a reminder every four hours."""
    found = only(**HOOK)
    assert found.audience == Audience("warning", True, 4 * 3600, 5, ())
    assert found.terms == Terms(15, 1000)
    changed = only(**HOOK, repeat="never", wait="0s", rules="err*", recovered=False, timeout="3s")
    assert changed.audience == Audience("warning", False, None, 0, ("err*",))
    assert changed.terms.timeout_s == 3


def test_whoever_has_a_url_can_write_there_so_it_is_a_secret() -> None:
    """As are headers and the environment of a command."""
    hook = loaded(**HOOK, secret="s3cret", headers={"Authorization": "Bearer b"})
    command = loaded(name="c", type="command", command=["/bin/true", "x"], env={"KEY": "k3y"})
    shown = {line.key: line.value for line in (*hook.origins, *command.origins)}
    assert shown["outputs.hook.url"] == shown["outputs.hook.secret"] == "***"
    assert shown["outputs.hook.headers.Authorization"] == shown["outputs.c.env.KEY"] == "***"
    assert shown["outputs.hook.repeat"] == "4h"
    everything = repr([hook.origins, command.origins, hook.config, command.config])
    assert not any(word in everything for word in ("T0K3N", "s3cret", "Bearer", "k3y"))


def test_a_url_may_be_in_a_file_of_its_own(tmp_path: Path) -> None:
    """One that cannot be read, or holds none, is told once."""
    file = tmp_path / "hook.url"
    file.write_text("https://hooks.example/x\n")
    found = only(name="hook", type="webhook", url_file=str(file))
    assert found.settings()["url"] == "https://hooks.example/x"
    file.unlink()
    [problem] = problems(name="hook", type="webhook", url_file=str(file))
    assert problem.endswith(f"outputs[0].url_file: cannot read {file}: no such file or directory")
    file.write_text("hooks.example")
    [problem] = problems(name="hook", type="webhook", url_file=str(file))
    assert problem.endswith("outputs[0].url: must begin with https:// or http://")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"url": None}, "outputs[0].url: has no value; remove the key for its default"),
        ({"max_queue": 0}, "outputs[0].max_queue: must be between 1 and 10000"),
        ({"min_severity": "fatal"}, 'unknown severity "fatal"; there are: info, warning, critical'),
        ({"repeat": "10s"}, 'outputs[0].repeat: must be between 1m and 30d, not "10s"'),
        ({"headers": {"X Y": "z"}}, "outputs[0].headers.X Y: is no header"),
        (
            {"headers": {"Content-length": "3"}},
            "Content-length: is told by logmond itself; remove it",
        ),
        ({"headers": {"X-Y": "a\nb"}}, "must be printable text; write it in quotes"),
        ({"secret": "two words"}, "outputs[0].secret: must be printable text without spaces"),
        ({"min_sevrity": "info"}, 'unknown key; did you mean "min_severity"?'),
    ],
)
def test_what_is_wrong_is_told_at_its_key(changes: dict[str, Any], problem: str) -> None:
    """With what would work."""
    [found] = problems(**{**HOOK, **changes})
    assert found.endswith(problem)


def test_a_webhook_needs_a_url_and_a_command_a_path() -> None:
    """Nothing is looked up on a PATH that another user may have."""
    [missing] = problems(name="hook", type="webhook")
    assert missing == 'f.yaml:2:3: outputs[0]: needs the key "url" or "url_file"'
    [relative] = problems(name="c", type="command", command=["sh", "-c", "true"])
    assert "outputs[0].command: the program must be an absolute path" in relative
    assert '/sh" would do' in relative


def test_what_is_legal_and_will_not_work_is_warned_of(tmp_path: Path) -> None:
    """A program that is not there, one that cannot be executed, a rule nobody has."""
    plain = tmp_path / "notes.txt"
    plain.write_text("x")
    plain.chmod(0o644)
    [gone] = loaded(name="c", type="command", command=["/nowhere/page"]).warnings
    assert gone == "f.yaml:2:3: c: /nowhere/page does not exist"
    [plain_text] = loaded(name="c", type="command", command=[str(plain)]).warnings
    assert plain_text.endswith(f"{plain} cannot be executed")
    [rule] = loaded(**HOOK, rules=["high-trafic", "high-*"]).warnings
    assert rule.endswith('hook: no rule is called high-trafic; did you mean "high-traffic"?')


def test_localhost_is_refused_like_its_addresses() -> None:
    """Before the first alert could not be delivered; `allow` and `allow_private` let it pass."""
    url = "http://localhost:8080/hook"
    told = "name it in allow, or set allow_private: true"
    assert problems(**HOOK | {"url": url}) == [
        f"f.yaml:4:8: outputs[0].url: localhost is loopback: {told}"
    ]
    [absolute] = problems(**HOOK | {"url": "http://localhost.:8080/hook"})
    assert "is loopback" in absolute
    assert only(**HOOK | {"url": url}, allow=["localhost"]).settings()["allow_private"]
    assert only(**HOOK | {"url": url}, allow_private=True).settings()["allow_private"]
