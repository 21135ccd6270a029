"""What is said to an IRC server, line by line, by a clock of the test's own."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import pytest
from pydantic import ValidationError
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionLost
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from logmond.config.chat import IrcConfig
from logmond.outputs.irc import MAX_LINES
from logmond.outputs.ircsession import IrcSession
from logmond.outputs.notifier import NotDelivered


class Line(StringTransport):
    """A connection that has the switches of a real one."""

    def setTcpKeepAlive(self, enabled: bool) -> None:
        """Nothing to switch."""


class Server:
    """A server as the test plays it."""

    def __init__(self, **more: Any) -> None:
        self.clock = Clock()
        settings: dict[str, Any] = {"password": None, "account": None, **more}
        self.session = IrcSession(self.clock, "logmond", **settings)
        self.line = Line()
        self.session.makeConnection(self.line)  # type: ignore[no-untyped-call]

    def says(self, *lines: str) -> None:
        """Lines arrive."""
        self.session.dataReceived("".join(f"{line}\r\n" for line in lines).encode())

    def hears(self) -> list[str]:
        """What was said to it since it last listened."""
        heard = self.line.value().decode().split("\r\n")[:-1]
        self.line.clear()
        return heard


def begun(step: Coroutine[Any, Any, None]) -> Deferred[None]:
    """A step, running."""
    return Deferred.fromCoroutine(step)


def why(step: Deferred[None]) -> NotDelivered:
    """Why a step failed."""
    found: list[Failure] = []
    step.addErrback(found.append)
    assert found, "it has not failed"
    error = found[0].value
    assert isinstance(error, NotDelivered)
    return error


def welcomed() -> Server:
    """A server that knows us, and whose channel we are in."""
    server = Server()
    registered = begun(server.session.register("logmond on web1"))
    server.says(":irc.test 001 logmond :Hello")
    joined = begun(server.session.join("#ops", None))
    server.says(":logmond!l@host JOIN :#ops")
    assert registered.called
    assert joined.called
    server.hears()
    return server


def test_the_server_is_told_who_we_are_and_its_password() -> None:
    """In the order of RFC 2812, section 3.1."""
    server = Server(password="sesame")
    registered = begun(server.session.register("logmond on web1"))
    assert server.hears() == ["PASS :sesame", "NICK logmond", "USER logmond 0 * :logmond on web1"]
    assert not registered.called
    server.says(":irc.test NOTICE * :*** Looking up", "PING :123")
    assert server.hears() == ["PONG :123"]
    server.says(":irc.test 001 logmond :Hello")
    assert registered.called


def test_an_account_is_logged_in_by_sasl_before_registration_ends() -> None:
    """IRCv3's order: nothing is joined under a wrong name."""
    server = Server(password="pass", account="bot")
    registered = begun(server.session.register("logmond"))
    assert server.hears() == ["CAP REQ :sasl", "NICK logmond", "USER logmond 0 * :logmond"]
    server.says(":irc.test CAP * ACK :sasl")
    assert server.hears() == ["AUTHENTICATE PLAIN"]
    server.says("AUTHENTICATE +")
    assert server.hears() == ["AUTHENTICATE AGJvdABwYXNz"]
    server.says(":irc.test 900 * * bot :You are now logged in", ":irc.test 903 * :ok")
    assert server.hears() == ["CAP END"]
    server.says(":irc.test 001 logmond :Hello")
    assert registered.called


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ([":irc.test CAP * NAK :sasl"], "knows no SASL"),
        ([":irc.test 421 * CAP :Unknown command"], "Unknown command (421)"),
        (
            [":irc.test CAP * ACK :sasl", "AUTHENTICATE +", ":irc.test 904 * :bad login"],
            "not logged in: bad login (904)",
        ),
        ([":irc.test 432 * logmond :Erroneous Nickname"], "Erroneous Nickname (432)"),
        (["ERROR :Closing link: banned"], "the server ends it: Closing link: banned"),
        (["ERROR :a\x1b[2Jb"], "a\\x1b[2Jb"),
    ],
)
def test_a_server_that_does_not_welcome_us_says_why(answers: list[str], told: str) -> None:
    """It may be asked again: whatever is wrong can be put right over there."""
    server = Server(password="pass", account="bot")
    registered = begun(server.session.register("logmond"))
    server.says(*answers)
    error = why(registered)
    assert told in str(error)
    assert not error.permanent


def test_a_taken_name_is_tried_with_tails_before_it_counts() -> None:
    """Three more, then the server's objection is the answer."""
    server = Server()
    registered = begun(server.session.register("logmond"))
    server.hears()
    for tail in ("_", "__", "___"):
        server.says(":irc.test 433 * logmond :Nickname is already in use")
        assert server.hears() == [f"NICK logmond{tail}"]
    server.says(":irc.test 433 * logmond :Nickname is already in use")
    assert "(433)" in str(why(registered))


def test_lines_count_as_taken_when_the_server_answers_what_followed_them() -> None:
    """Other people's talk, and an answer to another question, are none."""
    server = welcomed()
    told = begun(server.session.tell("#ops", ["one", "two"]))
    assert server.hears() == ["PRIVMSG #ops :one", "PRIVMSG #ops :two", "PING :logmond-1"]
    server.says(":ann!a@b PRIVMSG #ops :PONG", ":irc.test PONG irc.test :logmond-0")
    assert not told.called
    server.says(":irc.test PONG irc.test :logmond-1")
    assert told.called


def test_no_text_becomes_a_command() -> None:
    """A line break would end ours and begin another."""
    server = welcomed()
    begun(server.session.tell("#ops", ["one\r\nQUIT :two\0"]))
    assert server.hears()[0] == "PRIVMSG #ops :one  QUIT :two "
    server.says(":irc.test PONG irc.test :logmond-1")


def test_five_lines_go_at_once_and_the_others_at_the_pace_of_the_protocol() -> None:
    """RFC 1459, section 8.10: who is faster is thrown out."""
    server = welcomed()
    told = begun(server.session.tell("#ops", [str(number) for number in range(8)]))
    assert len(server.hears()) == 5
    server.clock.advance(1.9)
    assert server.hears() == []
    server.clock.advance(0.2)
    assert server.hears() == ["PRIVMSG #ops :5"]
    server.clock.pump([2.0, 2.0])
    assert server.hears() == ["PRIVMSG #ops :6", "PRIVMSG #ops :7", "PING :logmond-1"]
    server.says(":irc.test PONG irc.test :logmond-1")
    assert told.called


def test_a_deadline_leaves_room_for_the_longest_message_behind_another() -> None:
    """Else it is broken off and begun anew, at every attempt, in front of all."""
    server = welcomed()
    lines = [str(number) for number in range(MAX_LINES)]
    for number in (1, 2):
        began = server.clock.seconds()
        told = begun(server.session.tell("#ops", lines))
        while f"PING :logmond-{number}" not in server.hears():
            server.clock.advance(1)
        took = server.clock.seconds() - began
        server.says(f":irc.test PONG irc.test :logmond-{number}")
        assert told.called
    settings = {"name": "ops", "type": "irc", "server": "irc://irc.test", "channel": "#ops"}
    assert IrcConfig.model_validate(settings).terms.timeout_s > took
    with pytest.raises(ValidationError, match="timeout"):
        IrcConfig.model_validate({**settings, "timeout": f"{took:.0f}s"})


@pytest.mark.parametrize("waiting", [True, False])
def test_a_lost_connection_is_told_to_whoever_waits_and_to_whoever_comes(waiting: bool) -> None:
    """A step that begins too late fails at once."""
    server = welcomed()
    told = begun(server.session.tell("#ops", ["one"])) if waiting else None
    server.session.connectionLost(Failure(ConnectionLost()))
    told = told or begun(server.session.tell("#ops", ["one"]))
    assert "the connection was lost" in str(why(told))
    assert server.session.lost.called


def test_a_step_that_was_given_up_takes_no_answer() -> None:
    """It may come late."""
    server = welcomed()
    told = begun(server.session.tell("#ops", ["one"]))
    told.cancel()
    assert told.addErrback(lambda failure: failure.trap(CancelledError)).called
    server.says(":irc.test PONG irc.test :logmond-1")
