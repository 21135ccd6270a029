"""A configuration that cannot be used is refused at once, and a running daemon keeps its own."""

from __future__ import annotations

import re
import resource
import socket
import subprocess
import sys
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from daemon import Daemon
from numbered import assert_counted_once, line
from patience import until
from processes import free_port
from programs import soaking
from resources import MIB, descriptors, resident_bytes

import logmond

Start = Callable[..., Daemon]

RELOADS = 1000 if soaking() else 100

_CPU_S = 2
_MEMORY_BYTES = 512 * MIB

_LAUGHS = "\n".join(
    ['a0: &a0 ["lol"]', *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12))]
)
HOSTILE = {
    "a billion laughs": _LAUGHS,
    "quadratic blowup": f'a: &a "{"x" * 60_000}"\nb: [{", ".join(["*a"] * 5000)}]',
    "merge keys": "a: &a {b: 1}\n" + "\n".join(f"c{n}: {{<<: *a}}" for n in range(1000)),
    "an alias of itself": "a: &a [*a]",
    "50,000 lists deep": "a: " + "[" * 50_000,
    "20,000 mappings deep": "{a: " * 20_000,
    "deep by indentation": "\n".join(" " * n + "a:" for n in range(400)),
    "a tag that runs code": "a: !!python/object/apply:os.system ['touch {folder}/run']",
    "a tag that imports": "a: !!python/name:os.system",
    "an unknown tag": "sources: !include /etc/passwd",
    "duplicate keys": "node: a\nnode: b",
    "duplicate keys within": "admin: {listen: tcp://localhost:0, listen: tcp://localhost:1}",
    "9,000 keys": "\n".join(f"k{n}: 1" for n in range(9_000)),
    "100,000 keys": "\n".join(f"k{n}: 1" for n in range(100_000)),
    "10 MiB": "# " + "x" * (10 * MIB),
    "a scalar of 100 KiB": f'node: "{"x" * 100_000}"',
    "two documents": "node: a\n---\nnode: b",
    "no YAML": "node: [a, b\nsources: }",
    "NUL bytes": "node: a\0b",
    "a number of 100,000 digits": f"stats: {{memory_limit: {'9' * 100_000}}}",
    "a duration of a billion years": "stats: {delay: 1000000000000d}",
    "a list": "- a\n- b",
    "text": "hello",
}
AT_START_TOO = ("a billion laughs", "a tag that runs code", "duplicate keys", "text")

_PLACE = re.compile(r"\S+logmond\.yaml(:\d+:\d+: |: is larger than 128 KiB)")


def _limit() -> None:
    """What the child may use: the kernel ends it beyond."""
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))


def _refused(folder: Path, text: str, *verb: str) -> None:
    file = folder / "logmond.yaml"
    file.write_text(text)
    ended = subprocess.run(
        [sys.executable, "-m", "logmond", *verb, str(file)],
        env={"PYTHONPATH": str(Path(logmond.__file__).parents[1])},
        preexec_fn=_limit,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2, ended
    assert _PLACE.match(ended.stderr), ended.stderr
    assert len(ended.stderr) < 20_000
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_configuration_is_refused(tmp_path: Path, kind: str) -> None:
    """`check` exits 2 with the place, within bounds of time and memory; nothing of it is run."""
    _refused(tmp_path, HOSTILE[kind].replace("{folder}", str(tmp_path)), "check")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("kind", AT_START_TOO)
def test_the_daemon_does_not_start_with_one(tmp_path: Path, kind: str) -> None:
    """`run` exits as `check` does."""
    _refused(tmp_path, HOSTILE[kind], "run", "-c")


BROKEN = {
    **HOSTILE,
    "empty source": "sources: [{name: web}]",
    "unknown key": "rulez: []",
    "unknown metric": "rules: [{name: a, metric: hitz, above: 1}]",
    "recover beyond the limit": "rules: [{name: a, metric: hits, above: 1, recover: 2}]",
    "a limit without a unit": "stats: {delay: 3}",
    "a port too high": "admin: {listen: tcp://localhost:99999}",
    "two rules of one name": "rules: [{name: a, metric: hits, above: 1}, "
    "{name: a, metric: hits, above: 2}]",
}


def test_a_broken_file_leaves_the_old_configuration_running(daemon_of: Start) -> None:
    """A hundred times: the reason has its place, lines are counted throughout, nothing piles up."""
    port = free_port(socket.SOCK_DGRAM)
    settings: dict[str, Any] = {
        "sources": [{"name": "web", "listen": [f"udp://localhost:{port}"]}],
        "rules": [{"name": "high", "metric": "hits", "above": 1_000_000}],
    }
    daemon = daemon_of(settings)
    pid, config = daemon.process.pid, daemon.json("config")
    resident = opened = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for number, text in zip(range(RELOADS), cycle(BROKEN.values()), strict=False):
            _replace(daemon.config, text)
            daemon.reload()
            sender.sendto(line(number), ("127.0.0.1", port))
            assert _PLACE.search(_refusal(daemon, number + 1))
            if number == 2 * len(BROKEN):  # every kind was seen, memory has settled
                resident, opened = resident_bytes(pid), descriptors(pid)
    assert_counted_once(daemon, range(RELOADS))
    assert daemon.json("config") == config
    until(20, lambda: descriptors(pid) <= opened, lambda: (descriptors(pid), opened))
    assert resident_bytes(pid) - resident <= 4 * MIB
    daemon.configure({**settings, "rules": [{"name": "low", "metric": "hits", "above": 5}]})
    daemon.reload()
    until(20, lambda: "reloaded: rules: 1" in daemon.process.output, lambda: daemon.process.output)
    assert [rule["name"] for rule in daemon.json("rules")] == ["low"]


def _refusal(daemon: Daemon, count: int) -> str:
    """The last of `count` refusals in the log with its problems, once it is there."""

    def said() -> list[str]:
        return daemon.process.output.split("reload refused")[1:]

    until(
        20,
        lambda: len(said()) >= count and said()[-1].count("\n") > 1,
        lambda: daemon.process.output,
    )
    assert len(said()) == count
    return said()[-1]


def _replace(file: Path, text: str) -> None:
    """A new file in place of the old one, as editors and configuration management write it."""
    new = file.with_suffix(".new")
    new.write_text(text)
    new.replace(file)
