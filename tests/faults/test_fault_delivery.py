"""People are told whatever happens: to the daemon, and to those who are told beside them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from pathlib import Path
from time import monotonic
from typing import Any

from daemon import Daemon
from hooks import Hook
from numbered import lines
from patience import until
from programs import soaking

from logmond.interfaces.client import ctl

Prepare = Callable[..., Daemon]

ROUNDS = 25 if soaking() else 2
AT_ONCE = 4

_BURST = 200
_DELAY_S = 1


def _settings(log: Path, outputs: list[dict[str, Any]], hold_s: int = 0) -> dict[str, Any]:
    """A rule that a burst in a file sets off."""
    rule = {"name": "burst", "metric": "hits", "above": _BURST / 2, "window": "2s"}
    return {
        "sources": [{"name": "web", "files": [str(log)]}],
        "stats": {"delay": f"{_DELAY_S}s"},
        "rules": [{**rule, "hold": f"{hold_s}s"}],
        "outputs": outputs,
    }


def _burst(log: Path) -> None:
    """Write the lines that set the rule off."""
    with log.open("ab") as file:
        file.write(lines(range(_BURST)))


@dataclass
class Scene:
    """A daemon that follows a file and tells a hook, and the moment it is killed."""

    daemon: Daemon
    log: Path
    hook: Hook
    kill_at: float = 0.0

    def await_told(self, kind: str, number: int) -> None:
        """Wait until so many incidents were told."""
        until(
            40,
            lambda: len(set(self.hook.incidents(kind))) >= number,
            lambda: (self.daemon.ask("outputs"), self.daemon.process.output),
        )

    def await_empty(self) -> None:
        """Wait until nothing waits to be delivered."""
        until(20, lambda: not self.daemon.json("outputs")[0]["queued"])


def test_a_kill_between_decision_and_delivery_misses_nobody(
    prepared_daemon: Prepare, tmp_path: Path
) -> None:
    """Killed at any moment: each alert and each end arrives, twice at most, under the same ids."""
    moments = random.Random(2)
    with ExitStack() as stack:
        scenes = []
        for number in range(AT_ONCE):
            log = tmp_path / f"access-{number}.log"
            log.touch()
            # Slow to answer: a kill also comes between what is taken and what is known of it.
            hook = stack.enter_context(Hook(lambda _: (200, moments.uniform(0, 0.5))))
            daemon = prepared_daemon(_settings(log, [hook.output()], hold_s=1))
            scenes.append(Scene(daemon.launch(), log, hook))
        for scene in scenes:
            scene.daemon.ready()
        for done in range(ROUNDS):
            for part, scene in enumerate(scenes):
                _burst(scene.log)
                after_s = _DELAY_S + 3 * (part + moments.random()) / AT_ONCE
                scene.kill_at = monotonic() + after_s
            for scene in sorted(scenes, key=lambda scene: scene.kill_at):
                until(20, lambda scene=scene: monotonic() >= scene.kill_at)
                scene.daemon.kill()
                scene.daemon.launch()
            for scene in scenes:
                scene.daemon.ready()
                scene.await_told("alert", done + 1)
                scene.await_told("recovered", done + 1)
                scene.await_empty()
        for scene in scenes:
            for kind in ("alert", "recovered"):
                told = Counter(scene.hook.incidents(kind))
                assert len(told) == ROUNDS
                assert max(told.values()) <= 2
            # A copy has the id of what it is a copy of, so that who gets it can tell.
            messages = {(m["id"], m["kind"]) for m in scene.hook.received}
            assert len(messages) == 2 * ROUNDS
            assert set(scene.hook.incidents("alert")) == set(scene.hook.incidents("recovered"))


def test_one_that_hangs_fails_or_flaps_delays_no_other(
    prepared_daemon: Prepare, tmp_path: Path
) -> None:
    """Beside three bad ones the good one is told within a second; each gets all when it is well."""
    well = False
    with ExitStack() as stack:
        good = stack.enter_context(Hook())
        hangs = stack.enter_context(Hook(lambda _: (200 if well else 0, 0.0)))
        fails = stack.enter_context(Hook(lambda _: (200 if well else 500, 0.0)))
        flaps = stack.enter_context(Hook(lambda number: (503 if number % 2 else 200, 0.0)))
        log = tmp_path / "access.log"
        log.touch()
        outputs = [
            {"name": "log", "type": "file", "path": f"{tmp_path}/events.log"},
            hangs.output("hangs", timeout="2s"),
            fails.output("fails"),
            flaps.output("flaps"),
            good.output("good"),
        ]
        daemon = prepared_daemon(_settings(log, outputs)).start()
        for number in (1, 2):
            _burst(log)
            until(30, lambda n=number: len(good.incidents("recovered")) == n)
        late = [told["wall"] - _decided(told) for told in good.received]
        assert max(late) <= 1, late
        found = {output["name"]: output for output in daemon.json("outputs")}
        assert found["good"]["state"] == "ok"
        assert (found["good"]["sent"], found["good"]["failed"]) == (4, 0)
        for name in ("hangs", "fails"):
            assert found[name]["state"] == "retrying"
            assert found[name]["queued"] == 4
        assert "no answer within 2s" in found["hangs"]["reason"]
        assert "500" in found["fails"]["reason"]
        well = True
        for hook in (hangs, fails, flaps):
            until(
                120,
                lambda hook=hook: len(set(hook.incidents("recovered"))) == 2,
                lambda: daemon.ask("outputs"),
            )
            assert set(hook.incidents("alert")) == set(good.incidents("alert"))
        until(60, lambda: not any(o["queued"] for o in daemon.json("outputs")))


def _decided(told: dict[str, Any]) -> float:
    """When a message was decided at the latest: at the first tick `_DELAY_S` after its second."""
    (event,) = told["events"]
    return datetime.fromisoformat(event["time"]).timestamp() + _DELAY_S + 1


def test_what_waits_outlives_a_stop_and_a_reload(prepared_daemon: Prepare, tmp_path: Path) -> None:
    """The server is away: the message is kept over a restart, and by an output that is changed."""
    log = tmp_path / "access.log"
    log.touch()
    with Hook(lambda _: (503, 0.0)) as away:
        settings = _settings(log, [away.output()])
        daemon = prepared_daemon(settings).start()
        _burst(log)
        until(30, lambda: len(set(away.incidents("alert"))) == 1)
    until(20, lambda: daemon.json("outputs")[0]["queued"] == 2)
    assert daemon.stop() == 0
    daemon.start()
    assert daemon.json("outputs")[0]["queued"] == 2
    with Hook() as here:
        daemon.configure({**settings, "outputs": [here.output()]})
        assert any("outputs: hook" in line for line in daemon.ask("reload"))
        until(20, lambda: here.incidents("recovered"), lambda: daemon.ask("outputs"))
        assert [m["kind"] for m in here.received] == ["alert", "recovered"]
        assert here.incidents("alert") == list(dict.fromkeys(away.incidents("alert")))
        until(20, lambda: not daemon.json("outputs")[0]["queued"])


def test_a_stop_lets_the_message_under_way_be_taken(
    prepared_daemon: Prepare, tmp_path: Path
) -> None:
    """It is not told again by the next run; one that hangs is, and keeps no daemon from ending."""
    log = tmp_path / "access.log"
    log.touch()
    answers = [(200, 1.0), (0, 0.0)]
    with Hook(lambda number: answers[number] if number < 2 else (200, 0.0)) as hook:
        daemon = prepared_daemon(_settings(log, [hook.output()])).start()
        for number in (1, 2):
            _burst(log)
            until(30, lambda n=number: len(hook.received) == n, lambda: daemon.process.output)
            assert daemon.stop() == 0
            daemon.start()
        until(20, lambda: not daemon.json("outputs")[0]["queued"])
        kinds = [message["kind"] for message in hook.received]
        assert len({message["id"] for message in hook.received}) == len(kinds) - 1
        assert hook.received[1]["id"] == hook.received[2]["id"]


def test_what_waits_for_an_output_that_is_removed_is_dropped_and_said(
    prepared_daemon: Prepare, tmp_path: Path
) -> None:
    """Nobody finds it there later: neither a reload that adds it again, nor a restart."""
    log = tmp_path / "access.log"
    log.touch()
    with Hook(lambda _: (503, 0.0)) as away:
        console = {"name": "console", "type": "console"}
        settings = _settings(log, [console, away.output()])
        daemon = prepared_daemon(settings).start()
        _burst(log)
        until(30, lambda: daemon.json("outputs")[1]["queued"] == 2)
        daemon.configure({**settings, "outputs": [console]})
        assert "output hook: 2 messages were not delivered" in daemon.ask("reload")
        assert [output["name"] for output in daemon.json("outputs")] == ["console"]
        daemon.configure(settings)
        daemon.ask("reload")
        assert daemon.json("outputs")[1]["queued"] == 0
        _burst(log)
        until(30, lambda: daemon.json("outputs")[1]["queued"] == 2)
        assert daemon.stop() == 0
        daemon.configure({**settings, "outputs": [console]})
        daemon.start()
        assert "output hook is gone, and 2 messages for it are dropped" in daemon.process.output
        assert daemon.stop() == 0
        daemon.configure(settings)
        assert daemon.start().json("outputs")[1]["queued"] == 0


def test_a_marked_test_goes_the_same_way(prepared_daemon: Prepare, tmp_path: Path) -> None:
    """Answered when it is delivered, or with the reason when it is not."""
    log = tmp_path / "access.log"
    log.touch()
    with Hook() as hook:
        file = {"name": "log", "type": "file", "path": f"{tmp_path}/events.log"}
        gone = {**hook.output("gone"), "url": "http://127.0.0.1:1/"}
        daemon = prepared_daemon(_settings(log, [hook.output(), file, gone])).start()
        assert daemon.ask("test-output hook hello there")[0].startswith("delivered in ")
        [message] = hook.received
        assert message["text"] == "TEST from logmond on test: hello there"
        assert (message["kind"], message["events"]) == ("test", [])
        assert daemon.ask("test-output log")[0].startswith("delivered in ")
        assert " TEST info test " in (tmp_path / "events.log").read_text()
        [refused] = daemon.ask("test-output gone")
        assert refused.startswith("ERR not delivered after ")
        assert refused.endswith("connection refused")
        [unknown] = daemon.ask("test-output nobody")
        assert unknown == "ERR no output 'nobody'; there are hook, log, gone"
        for name, code in (("hook", 0), ("gone", 1)):
            out, err = StringIO(), StringIO()
            address = ("127.0.0.1", daemon.admin_port)
            assert ctl(["test-output", name], address, out, err) == code
            assert (out, err)[code].getvalue().strip()
