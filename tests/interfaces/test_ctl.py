"""`logmond ctl` against a real port: what it prints, and how it exits."""

from __future__ import annotations

import errno
import socket
from collections.abc import AsyncIterator
from contextlib import closing
from io import StringIO
from typing import Any

import msgspec
import pytest
import pytest_twisted
from fake_surface import FakeAlerts, surface
from patience import within
from surface_values import incident
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread

from logmond.errors import ConfigError, Problem
from logmond.interfaces.admin.factory import AdminFactory
from logmond.interfaces.admin.limits import Limits
from logmond.interfaces.admin.listener import AdminListener
from logmond.interfaces.client import FAILED, OK, UNUSABLE, Client, ctl

TOKEN = "s3cret"


def broken() -> Deferred[Any]:
    """A reload of a configuration that cannot be used."""
    raise ConfigError([Problem("logmond.yaml:3:5", "rules[0].windw", "unknown key")])


@pytest_twisted.async_yield_fixture
async def port() -> AsyncIterator[int]:
    """The port of a daemon with a token, one incident and a broken configuration file."""
    shown = surface(alerts=FakeAlerts([incident()]), reload=broken)
    factory = AdminFactory(shown, reactor, TOKEN, Limits(max_clients=2))
    listening = AdminListener(reactor, factory, "localhost", 0)
    listening.open()
    yield listening.port
    await within(5, listening.close())


async def run(port: int, *words: str, **options: Any) -> tuple[int, str, str]:
    """Exit code, standard output and standard error."""
    out, err = StringIO(), StringIO()
    code = await within(10, deferToThread(ctl, words, ("localhost", port), out, err, **options))
    return code, out.getvalue(), err.getvalue()


class Left(StringIO):
    """An output whose reader has left."""

    def write(self, text: str) -> int:
        """Nobody is there."""
        raise BrokenPipeError


class Full(StringIO):
    """An output on a disk that is full."""

    def write(self, text: str) -> int:
        """There is no room."""
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest_twisted.ensureDeferred
async def test_a_reply_goes_to_standard_output(port: int) -> None:
    """Without the greeting and without the empty line."""
    assert await run(port, "version") == (OK, "logmond 0.1.0\n", "")


@pytest_twisted.ensureDeferred
async def test_json_is_one_line_for_a_program(port: int) -> None:
    """`ctl --json status`."""
    code, out, err = await run(port, "status", json=True)
    assert (code, err) == (OK, "")
    assert msgspec.json.decode(out)["state"] == "ok"


@pytest_twisted.ensureDeferred
async def test_an_error_is_exit_code_1(port: int) -> None:
    """On standard error as text; where the program reads, as JSON."""
    message = 'unknown command "statsu"; did you mean "stats"?'
    assert await run(port, "statsu") == (FAILED, "", f"ERR {message}\n")
    code, out, err = await run(port, "statsu", json=True)
    assert (code, err) == (FAILED, "")
    assert msgspec.json.decode(out)["error"]["message"] == message


@pytest_twisted.ensureDeferred
async def test_the_token_is_shown_before_the_command(port: int) -> None:
    """Without it a writing command fails; with a wrong one nothing is tried."""
    assert await run(port, "ack", "high-traffic", "eva") == (
        FAILED,
        "",
        "ERR ack needs the token: auth TOKEN first\n",
    )
    code, out, _ = await run(port, "ack", "high-traffic", "eva", token=TOKEN)
    assert (code, out.endswith("acknowledged by eva\n")) == (OK, True)
    assert await run(port, "version", token="wrong") == (
        FAILED,
        "",
        "logmond ctl: wrong token\n",
    )


@pytest.mark.parametrize("json", [False, True])
@pytest_twisted.ensureDeferred
async def test_a_reload_of_a_broken_configuration_is_exit_code_2(port: int, json: bool) -> None:
    """And says what is broken; a reload refused for another reason is exit code 1."""
    code, out, err = await run(port, "reload", token=TOKEN, json=json)
    assert code == UNUSABLE
    assert "logmond.yaml:3:5: rules[0].windw: unknown key" in (out if json else err)
    assert (await run(port, "reload", json=json))[0] == FAILED


@pytest_twisted.ensureDeferred
async def test_one_client_too_many_is_told_why(port: int) -> None:
    """The error that stands in place of the greeting is passed on."""
    with closing(await deferToThread(Client, "localhost", port)) as first:
        with closing(await deferToThread(Client, "localhost", port)):
            code, _, err = await run(port, "version")
        assert first.greeting[0].startswith("logmond 0.1.0")
    assert (code, err) == (
        FAILED,
        "logmond ctl: too many clients, 2 at most; try again later\n",
    )


@pytest_twisted.ensureDeferred
async def test_where_no_daemon_listens_it_says_so() -> None:
    """Exit code 1, and the address that was tried."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    code, out, err = await run(port, "status")
    assert (code, out) == (FAILED, "")
    assert err.startswith(f"logmond ctl: localhost:{port}: ")
    assert err.endswith("Connection refused; is the daemon running?\n")


@pytest_twisted.ensureDeferred
async def test_a_daemon_that_does_not_answer_is_not_waited_for_long() -> None:
    """A health check must end."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        code, _, err = await run(server.getsockname()[1], "status", timeout_s=0.05)
    assert code == FAILED
    assert "no answer in time" in err


@pytest.mark.parametrize("words", [(), ("",), ("version\nquit",)])
def test_no_command_or_two_is_wrong_usage(words: tuple[str, ...]) -> None:
    """Nothing is sent."""
    out, err = StringIO(), StringIO()
    assert ctl(words, ("localhost", 1), out, err) == UNUSABLE
    assert "one command is needed" in err.getvalue()


@pytest_twisted.ensureDeferred
async def test_localhost_needs_no_resolver(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system without /etc/hosts reaches its own daemon; numeric addresses need no look-up."""
    known = socket.getaddrinfo

    def numeric_only(host: str, *rest: Any, **more: Any) -> Any:
        if host not in ("127.0.0.1", "::1"):
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return known(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", numeric_only)
    code, out, _ = await run(port, "version")
    assert code == OK
    assert out.startswith("logmond ")


@pytest_twisted.ensureDeferred
async def test_a_reader_that_leaves_is_not_taken_for_the_daemon(port: int) -> None:
    """`logmond ctl status | head -1` says nothing about a daemon that does not run."""
    err = StringIO()
    with pytest.raises(BrokenPipeError):
        await within(
            10, deferToThread(ctl, ["status"], ("localhost", port), Left(), err, token=TOKEN)
        )
    assert err.getvalue() == ""


@pytest_twisted.ensureDeferred
async def test_a_disk_that_is_full_is_not_taken_for_the_daemon(port: int) -> None:
    """`logmond ctl status >> file` fails by the file."""
    err = StringIO()
    code = await within(
        10, deferToThread(ctl, ["status"], ("localhost", port), Full(), err, token=TOKEN)
    )
    assert code == FAILED
    assert err.getvalue() == "logmond ctl: the reply cannot be written: No space left on device\n"
