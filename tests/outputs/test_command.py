"""A command gets the message on its standard input; its deadline ends all it began."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_twisted
from messages import message
from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater

from logmond.outputs.command import Command
from logmond.outputs.notifier import NotDelivered


def script(folder: Path, text: str) -> str:
    """An executable script of the shell."""
    path = folder / "tell.sh"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def within(done: Deferred[None]) -> Deferred[None]:
    """Fail rather than wait for ever."""
    return done.addTimeout(20, reactor)


async def failure_of(command: Command) -> NotDelivered:
    """Why the command does not take a message."""
    with pytest.raises(NotDelivered) as caught:
        await within(command.send(message()))
    return caught.value


@pytest_twisted.ensureDeferred
async def test_the_message_is_on_standard_input_and_in_the_environment(tmp_path: Path) -> None:
    """With a minimum of other variables, and no shell between."""
    out = tmp_path / "out"
    told = script(tmp_path, f'cat >{out}.json; env >{out}.env; echo "$1" >{out}.arg')
    command = Command(reactor, "web1", command=[told, "$(id); x"], env={"TEAM": "web"})
    await within(command.send(message(runbook="https://wiki.example")))
    told_json = msgspec.json.decode(Path(f"{out}.json").read_bytes())
    assert {key: told_json[key] for key in ("v", "id", "kind", "title", "node")} == {
        "v": 1,
        "id": "m1",
        "kind": "alert",
        "title": "title",
        "node": "web1",
    }
    assert told_json["events"][0]["runbook"] == "https://wiki.example"
    assert Path(f"{out}.arg").read_text() == "$(id); x\n"
    variables = dict(row.split("=", 1) for row in Path(f"{out}.env").read_text().splitlines())
    assert variables["LOGMOND_EVENT"] == "alert"
    assert variables["LOGMOND_RULE"] == "errors"
    assert variables["TEAM"] == "web"
    assert "HOME" not in variables


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("echo one >&2; echo two >&2; exit 3", "failed (exit 3): two"),
        ("exit 75", "failed for now (exit 75)"),
        ("kill -TERM $$", "was killed by SIGTERM"),
        ("kill -40 $$", "was killed by signal 40"),
        ("yes error | head -c 500000 >&2; exit 1", "failed (exit 1): er"),
        ("printf '\\033[2J' >&2; exit 1", "\\x1b[2J"),
    ],
)
async def test_a_failure_says_why_with_what_was_said_last(
    tmp_path: Path, text: str, why: str
) -> None:
    """Much of it is not kept, and nothing of it reaches a terminal as it is."""
    error = await failure_of(Command(reactor, "web1", command=[script(tmp_path, text)]))
    assert why in str(error)
    assert len(str(error)) < 400
    assert not error.permanent


@pytest_twisted.ensureDeferred
async def test_a_program_that_cannot_be_run_is_a_failure(tmp_path: Path) -> None:
    """It may be there again at the next attempt."""
    error = await failure_of(Command(reactor, "web1", command=[str(tmp_path / "none")]))
    assert str(error).endswith("no such file or directory")


@pytest_twisted.ensureDeferred
async def test_a_program_that_reads_nothing_may_take_a_long_message(tmp_path: Path) -> None:
    """More than a pipe holds."""
    command = Command(reactor, "web1", command=[script(tmp_path, "exit 0")])
    await within(command.send(message(text="x" * 1_000_000)))


@pytest_twisted.ensureDeferred
async def test_the_deadline_ends_everything_it_began(tmp_path: Path) -> None:
    """A script leaves children; they share its end."""
    pids = tmp_path / "pids"
    command = Command(
        reactor, "web1", command=[script(tmp_path, f"sleep 600 & echo $! $$ >{pids}; wait")]
    )
    sending = command.send(message())
    await _written(pids)
    sending.cancel()
    with pytest.raises(CancelledError):
        await within(sending)
    for pid in map(int, pids.read_text().split()):
        await _gone(pid)


@pytest_twisted.ensureDeferred
async def test_closing_ends_what_runs(tmp_path: Path) -> None:
    """A stop of the daemon leaves nothing behind."""
    pids = tmp_path / "pids"
    command = Command(reactor, "web1", command=[script(tmp_path, f"echo $$ >{pids}; sleep 600")])
    sending = command.send(message())
    await _written(pids)
    await command.close()
    with pytest.raises(CancelledError):
        await within(sending)
    await _gone(int(pids.read_text()))


async def _written(path: Path) -> None:
    """Wait until a file has a line."""
    for _ in range(1000):
        if path.exists() and path.read_text().endswith("\n"):
            return
        await deferLater(reactor, 0.01)
    raise AssertionError(f"{path} is not written")


async def _gone(pid: int) -> None:
    """Wait until a process has ended; one that nobody waits for yet counts."""
    for _ in range(1000):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return
        if state == "Z":
            return
        await deferLater(reactor, 0.01)
    os.kill(pid, signal.SIGKILL)
    raise AssertionError(f"process {pid} goes on")


def test_nothing_is_left_behind() -> None:
    """Descriptors of runs that failed to start are closed, too."""
    before = len(os.listdir("/proc/self/fd"))
    errors: list[Any] = []
    for _ in range(20):
        Command(reactor, "web1", command=["/nowhere/x"]).send(message()).addErrback(errors.append)
    assert len(os.listdir("/proc/self/fd")) == before
    assert len(errors) == 20
