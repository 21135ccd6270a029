"""A conversation on the admin port: greeting, order, half-close, and what ends it at once."""

from __future__ import annotations

import pytest
from admin_wire import GREETING, Client
from fake_surface import FakeAlerts, FakeStatistics, surface
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from logmond.errors import ConfigError, Problem
from logmond.interfaces.admin.factory import AdminFactory
from logmond.interfaces.surface import Surface

UNKNOWN = 'ERR unknown command "nonsense"; type "help"\n\n'


@pytest.fixture
def clock() -> Clock:
    """The daemon's clock."""
    return Clock()


def client_of(clock: Clock, shown: Surface | None = None) -> Client:
    """A client that has read its greeting."""
    client = Client(AdminFactory(shown or surface(), clock), clock)
    assert client.got() == GREETING
    return client


def test_a_client_is_greeted_like_a_reply(clock: Clock) -> None:
    """Version, node, how to go on; one empty line."""
    assert client_of(clock).got() == ""


def test_commands_of_one_packet_are_answered_in_order(clock: Clock) -> None:
    """Pipelined commands get one reply each."""
    client = client_of(clock)
    client.send("version\r\nnonsense\n\n  \nVERSION\n")
    assert client.got() == f"logmond 0.1.0\n\n{UNKNOWN}logmond 0.1.0\n\n"


def test_a_command_may_come_byte_by_byte(clock: Clock) -> None:
    """As a telnet in character mode sends it."""
    client = client_of(clock)
    for byte in b"version\r\n":
        client.send(bytes([byte]))
    assert client.got() == "logmond 0.1.0\n\n"


def test_only_one_command_runs_in_a_turn_of_the_reactor(clock: Clock) -> None:
    """Who sends thousands of commands holds nobody up, and is not read meanwhile."""
    stats = FakeStatistics()
    client = client_of(clock, surface(stats=stats))
    client.protocol.dataReceived(b"stats\n" * 1000)
    for turn in range(1000):
        assert len(stats.asked) == turn
        assert client.wire.producerState == "paused"
        # A real reactor runs what is due now and leaves what that schedules for its next turn.
        call = clock.calls.pop(0)
        call.called = 1
        call.func(*call.args)
    assert len(stats.asked) == 1000
    assert client.wire.producerState == "producing"


def test_quit_says_bye_and_runs_nothing_after_it(clock: Clock) -> None:
    """The connection is closed behind the reply."""
    stats = FakeStatistics()
    client = client_of(clock, surface(stats=stats))
    client.send("version\nquit\nstats\n")
    assert client.got() == "logmond 0.1.0\n\nbye\n\n"
    assert client.parted
    assert stats.asked == []


@pytest.mark.parametrize("typed", ["version\nversion\n", "version\nversion"])
def test_a_client_that_closes_its_half_gets_all_its_answers(clock: Clock, typed: str) -> None:
    """`printf 'version' | nc -N`: answered, flushed, closed."""
    client = client_of(clock)
    client.protocol.dataReceived(typed.encode())
    client.end()
    assert client.got() == "logmond 0.1.0\n\n" * 2
    assert client.wire.closed
    assert not client.wire.aborted


def test_a_client_that_closes_its_half_at_once_is_let_go(clock: Clock) -> None:
    """`nc -N < /dev/null` gets the greeting and its end."""
    client = client_of(clock)
    client.end()
    assert client.got() == ""
    assert client.wire.closed


def test_the_end_of_both_halves_frees_the_client(clock: Clock) -> None:
    """After `quit` the peer's end finishes the connection."""
    factory = AdminFactory(surface(), clock)
    client = Client(factory, clock)
    client.send("quit\n")
    assert factory.clients == 1
    client.protocol.readConnectionLost()
    assert client.wire.closed
    assert factory.clients == 0
    assert clock.calls == []


@pytest.mark.parametrize(
    "request_line",
    ["GET / HTTP/1.1", "POST /reload HTTP/1.1", "options * HTTP/1.1", "PRI * HTTP/2.0", "GET"],
)
def test_a_browser_is_cut_off_and_its_body_not_run(clock: Clock, request_line: str) -> None:
    """A page may make a browser send commands here as a body."""
    reloads: list[int] = []

    def reload() -> Deferred[object]:
        reloads.append(1)
        return Deferred()

    client = client_of(clock, surface(reload=reload))  # type: ignore[arg-type]
    client.send(f"{request_line}\r\nHost: localhost:9000\r\n\r\nreload\r\n")
    client.send("reload\r\n")
    assert client.got() == ""
    assert client.parted
    assert reloads == []


def test_a_browser_that_speaks_tls_is_cut_off_and_its_ticket_not_run(clock: Clock) -> None:
    """Its handshake shows whatever a server of the same name gave it to show."""
    stats = FakeStatistics()
    client = client_of(clock, surface(stats=stats))
    ticket = b"\nstats\n"
    extension = b"\x00\x23" + len(ticket).to_bytes(2) + ticket
    hello = b"\x03\x03" + b"r" * 32 + b"\x00\x00\x02\xc0\x2f\x01\x00"
    hello += len(extension).to_bytes(2) + extension
    message = b"\x01" + len(hello).to_bytes(3) + hello
    client.protocol.dataReceived(b"\x16\x03\x01" + len(message).to_bytes(2) + message)
    clock.pump([0] * 5)
    assert client.got() == ""
    assert client.parted
    assert stats.asked == []


def test_a_request_line_that_is_too_long_is_http_all_the_same(clock: Clock) -> None:
    """A long path hides nothing."""
    stats = FakeStatistics()
    client = client_of(clock, surface(stats=stats))
    client.send(f"POST /{'x' * 5000} HTTP/1.1\r\nstats\r\n")
    assert client.got() == ""
    assert client.parted
    assert stats.asked == []


def test_a_long_line_gets_one_error_and_the_next_line_an_answer(clock: Clock) -> None:
    """Longer than 4 KiB is no command."""
    client = client_of(clock)
    client.send("parse " + "x" * 5000)
    client.send("x" * 5000 + "\nversion\n")
    assert client.got() == "ERR line too long, 4096 bytes at most\n\nlogmond 0.1.0\n\n"
    assert not client.parted


def test_a_mebibyte_without_newline_gets_one_error_and_the_end(clock: Clock) -> None:
    """Whoever sends that is no client of ours."""
    client = client_of(clock)
    for _ in range(20):
        client.send("x" * 65536)
    assert client.got() == "ERR line too long, 4096 bytes at most\n\n"
    assert client.parted


def test_telnet_offers_are_refused_and_never_shown_as_text(clock: Clock) -> None:
    """IAC DO TIMING-MARK must be answered, or telnet shows nothing after Ctrl-C."""
    client = client_of(clock)
    client.send(b"\xff\xfd\x06")
    assert client.wire.value() == b"\xff\xfc\x06"


def test_a_command_waits_for_the_one_that_takes_its_time(clock: Clock) -> None:
    """A reload is awaited; what comes behind it is answered behind it."""
    done: Deferred[tuple[str, ...]] = Deferred()
    client = client_of(clock, surface(reload=lambda: done))  # type: ignore[arg-type, return-value]
    client.send("reload\nversion\n")
    assert client.got() == ""
    done.callback(("rules.high-traffic.above: 10 -> 20",))
    client.turns()
    assert client.got() == ("reloaded\nrules.high-traffic.above: 10 -> 20\n\nlogmond 0.1.0\n\n")


def test_nothing_that_happens_meanwhile_overtakes_a_command_that_takes_its_time(
    clock: Clock,
) -> None:
    """Neither further input nor a client that reads again."""
    done: Deferred[tuple[str, ...]] = Deferred()
    client = client_of(clock, surface(reload=lambda: done))  # type: ignore[arg-type, return-value]
    client.send("reload\n")
    client.protocol.dataReceived(b"version\n")
    client.protocol.resumeProducing()
    client.turns()
    assert client.got() == ""
    done.callback(())
    client.turns()
    assert client.got() == "reloaded\n\nlogmond 0.1.0\n\n"


def test_a_reload_of_a_broken_file_says_every_problem(clock: Clock) -> None:
    """The old configuration stays; the reply names the places."""
    problems = [Problem("l.yaml:3:5", "rules[0].windw", "unknown key"), Problem("l.yaml", "", "x")]

    def reload() -> Deferred[object]:
        raise ConfigError(problems)

    client = client_of(clock, surface(reload=reload))  # type: ignore[arg-type]
    assert client.ask("reload") == (
        "ERR the configuration is broken, the old one stays in use:\n"
        "l.yaml:3:5: rules[0].windw: unknown key\n"
        "l.yaml: x\n\n"
    )
    assert '"code":"configuration_refused"' in client.ask("json reload")


def test_a_reload_that_ends_after_its_client_left_harms_nobody(clock: Clock) -> None:
    """Its reply has nobody to go to."""
    done: Deferred[tuple[str, ...]] = Deferred()
    client = client_of(clock, surface(reload=lambda: done))  # type: ignore[arg-type, return-value]
    client.send("reload\n")
    client.wire.abortConnection()
    done.callback(())
    assert client.got() == ""


def test_a_fault_of_ours_is_loud_in_the_log_and_ends_no_conversation(
    clock: Clock, logged_errors: object
) -> None:
    """One command fails, the next is answered."""

    class Broken(FakeAlerts):
        """An alert service with a fault."""

        def statuses(self) -> list[object]:  # type: ignore[override]
            """Fails."""
            raise ZeroDivisionError

    client = client_of(clock, surface(alerts=Broken()))
    assert client.ask("rules") == "ERR a fault of logmond; see its log\n\n"
    assert len(logged_errors.flush(ZeroDivisionError)) == 1  # type: ignore[attr-defined]
    assert client.ask("version") == "logmond 0.1.0\n\n"


def test_a_fault_within_a_reply_is_loud_and_closes_the_connection(
    clock: Clock, logged_errors: object
) -> None:
    """Half a reply cannot be mended, and must not pass for a whole one."""
    client = client_of(clock, surface(alerts=FakeAlerts([None])))  # type: ignore[list-item]
    client.send("json incidents\n")
    assert client.wire.aborted
    assert len(logged_errors.flush(AttributeError)) == 1  # type: ignore[attr-defined]


WORDS = st.sampled_from(
    [
        *b"json stats top by 5m section=/ watch incident silence add = parse auth".split(),
        *(b"\xff", b"\xfd\x01", b"\xc3", b"\r", b"\x00", b"9" * 30),
    ]
)


@settings(max_examples=200)
@given(st.lists(st.one_of(WORDS, st.binary(max_size=12)), max_size=12))
def test_no_input_is_met_with_a_traceback(words: list[bytes]) -> None:
    """Whatever is typed gets a reply, an error or the end; never a fault."""
    clock = Clock()
    client = Client(AdminFactory(surface(), clock), clock)
    client.send(b" ".join(words) + b"\n")
    client.end()
    assert "fault of logmond" not in client.wire.value().decode("utf-8", "replace")
    assert client.wire.closed
