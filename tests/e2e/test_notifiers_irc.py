"""A real IRC server, and somebody in its channel."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from certificates import Authority
from patience import eventually, within
from processes import free_port
from pytest_twisted import ensureDeferred
from receivers import Receivers, running_receivers
from twisted.internet import reactor
from twisted.internet.defer import TimeoutError

from logmond.outputs.irc import Irc
from logmond.outputs.ircwire import IrcServer
from logmond.outputs.notifier import Message, NotDelivered

pytestmark = pytest.mark.peer("ngircd")


def message(id: str, *lines: str) -> Message:
    """A message without events."""
    return Message(id, "test", 0, (), "title", "\n".join(lines))


@pytest.fixture
def receivers(tmp_path: Path) -> Iterator[Receivers]:
    """Servers for this test."""
    with running_receivers(tmp_path) as running:
        yield running


def irc(
    port: int, channel: str = "#ops", *, host: str = "127.0.0.1", tls: bool = False, **more: Any
) -> Irc:
    """A notifier for a channel."""
    server = IrcServer(host, port, tls, channel, **more)
    return Irc(reactor, "web1", server=server)


@ensureDeferred
async def test_the_channel_hears_every_line_over_one_connection(receivers: Receivers) -> None:
    """We stay between messages: coming and going would be noise."""
    _, port = receivers.irc()
    ann = receivers.listener(port)
    notifier = irc(port)
    await within(20, notifier.send(message("a", "first line", "second line")))
    await within(20, notifier.send(message("b", "third line")))
    await eventually(10, lambda: ann.said("third line"))
    assert [line.partition(" :")[2] for line in ann.said("")] == [
        "title",
        "first line",
        "second line",
        "title",
        "third line",
    ]
    assert len([line for line in ann.listen() if " JOIN " in line and "logmond" in line]) == 1
    await within(5, notifier.close())
    await eventually(10, lambda: any("QUIT" in line for line in ann.listen()))


@pytest.mark.parametrize(
    ("channel", "told"),
    [("#moderated", r"did not take it: .*\(404\)"), ("#invited", r"not let into .*\(473\)")],
)
@ensureDeferred
async def test_a_channel_that_refuses_has_not_been_told(
    receivers: Receivers, channel: str, told: str
) -> None:
    """Moderated, or by invitation only: the server's word is waited for."""
    _, port = receivers.irc()
    notifier = irc(port, channel)
    with pytest.raises(NotDelivered, match=told) as caught:
        await within(20, notifier.send(message("a", "hello")))
    assert not caught.value.permanent
    await within(5, notifier.close())


@ensureDeferred
async def test_a_channel_with_a_key_is_entered_with_it(receivers: Receivers) -> None:
    """And not without."""
    _, port = receivers.irc()
    without, wrong, right = irc(port, "#locked"), irc(port, "#locked", key="no"), None
    for notifier in (without, wrong):
        with pytest.raises(NotDelivered, match="not let into"):
            await within(20, notifier.send(message("a", "hello")))
        await within(5, notifier.close())
    right = irc(port, "#locked", key="secret")
    await within(20, right.send(message("a", "hello")))
    await within(5, right.close())


@ensureDeferred
async def test_a_server_with_a_password_asks_for_it(receivers: Receivers) -> None:
    """A wrong one is wrong at every attempt."""
    _, port = receivers.irc(password="sesame")
    notifier = irc(port, password="no")
    with pytest.raises(NotDelivered):
        await within(20, notifier.send(message("a", "hello")))
    await within(5, notifier.close())
    notifier = irc(port, password="sesame")
    await within(20, notifier.send(message("a", "hello")))
    await within(5, notifier.close())


@ensureDeferred
async def test_a_taken_name_gets_a_tail(receivers: Receivers) -> None:
    """Two daemons may share a channel."""
    _, port = receivers.irc()
    ann = receivers.listener(port)
    first, second = irc(port), irc(port)
    await within(20, first.send(message("a", "one")))
    await within(20, second.send(message("b", "two")))
    await eventually(10, lambda: ann.said("two"))
    assert ann.said("one")[0].startswith(":logmond!")
    assert ann.said("two")[0].startswith(":logmond_!")
    await within(5, first.close())
    await within(5, second.close())


@ensureDeferred
async def test_who_was_kicked_comes_back_for_the_next_message(receivers: Receivers) -> None:
    """And who is kicked for good hears why from the server."""
    _, port = receivers.irc()
    operator = receivers.listener(port, "#new")  # the first in a channel runs it
    notifier = irc(port, "#new")
    await within(20, notifier.send(message("a", "one")))
    operator.say("KICK #new logmond :out")
    await eventually(10, lambda: any(" KICK " in line for line in operator.listen()))
    await within(20, notifier.send(message("b", "two")))
    await eventually(10, lambda: operator.said("two"))
    await within(5, notifier.close())


@ensureDeferred
async def test_a_server_that_was_restarted_is_connected_to_again(receivers: Receivers) -> None:
    """The attempt in between fails, the next one arrives."""
    process, port = receivers.irc()
    notifier = irc(port)
    await within(20, notifier.send(message("a", "one")))
    process.stop()
    with pytest.raises(NotDelivered):
        await within(20, notifier.send(message("b", "two")))
    receivers.irc(port)
    ann = receivers.listener(port)
    await within(20, notifier.send(message("b", "two")))
    await eventually(10, lambda: ann.said("two"))
    await within(5, notifier.close())


@ensureDeferred
async def test_a_server_is_who_its_certificate_says_or_is_told_nothing(
    receivers: Receivers, tmp_path: Path
) -> None:
    """By an authority that was named; the system's know nothing of this one."""
    authority, port = Authority(tmp_path), free_port()
    _, plain = receivers.irc(tls=(*authority.issue("irc"), port))
    ann = receivers.listener(plain)
    wrong = irc(port, host="localhost", tls=True)
    with pytest.raises(NotDelivered, match="certificate verify failed"):
        await within(20, wrong.send(message("a", "hello")))
    await within(5, wrong.close())
    right = irc(port, host="localhost", tls=True, ca_file=str(authority.path))
    await within(20, right.send(message("a", "hello")))
    await eventually(10, lambda: ann.said("hello"))
    await within(5, right.close())


@ensureDeferred
async def test_a_server_that_hangs_is_left_and_found_again(
    receivers: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An idle connection is tried before it is used: it may be dead without a word."""
    monkeypatch.setattr("logmond.outputs.irc._STALE_S", -1.0)
    monkeypatch.setattr("logmond.outputs.irc._TRIAL_S", 0.2)
    process, port = receivers.irc()
    notifier = irc(port)
    await within(20, notifier.send(message("a", "one")))
    await within(20, notifier.send(message("b", "two")))
    process.send(signal.SIGSTOP)
    attempt = notifier.send(message("c", "three"))
    with pytest.raises(TimeoutError):
        await attempt.addTimeout(1, reactor)
    process.send(signal.SIGCONT)
    await within(20, notifier.send(message("c", "three")))
    ann = receivers.listener(port)
    await within(20, notifier.send(message("d", "four")))
    await eventually(10, lambda: ann.said("four"))
    await within(5, notifier.close())
