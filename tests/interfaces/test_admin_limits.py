"""What one client of the admin port, and all of them together, may use."""

from __future__ import annotations

import pytest
from admin_wire import GREETING, Client
from fake_surface import FakeAlerts, FakeStatistics, surface
from surface_values import incident
from twisted.internet.task import Clock
from twisted.logger import capturedLogs, formatEvent

from logmond.interfaces.admin.factory import TURNED_AWAY, AdminFactory
from logmond.interfaces.admin.limits import Limits


@pytest.fixture
def clock() -> Clock:
    """The daemon's clock."""
    return Clock()


def pass_time(clock: Clock, seconds: float) -> None:
    """Let time pass, a second a turn."""
    clock.pump([1.0] * int(seconds))


def test_one_client_too_many_is_told_so_and_let_go(clock: Clock) -> None:
    """The others are served on; when one leaves there is room again."""
    factory = AdminFactory(surface(), clock)
    served = [Client(factory, clock) for _ in range(64)]
    one_more = Client(factory, clock)
    assert one_more.got() == "ERR too many clients, 64 at most; try again later\n\n"
    assert one_more.parted
    assert served[0].ask("version") == "logmond 0.1.0\n\n"
    served[0].end()
    assert Client(factory, clock).got() == GREETING


def test_those_too_many_are_bounded_too(clock: Clock) -> None:
    """A flood of connections is closed without a word."""
    factory = AdminFactory(surface(), clock, limits=Limits(max_clients=1))
    told = [Client(factory, clock) for _ in range(1 + TURNED_AWAY)]
    with pytest.raises(ConnectionRefusedError):
        Client(factory, clock)
    pass_time(clock, 3)
    assert all(client.wire.closed for client in told[1:])
    assert Client(factory, clock).got().startswith("ERR too many clients")


def test_an_idle_client_is_told_so_and_closed_after_ten_minutes(clock: Clock) -> None:
    """Commands keep a connection; silence ends it."""
    client = Client(AdminFactory(surface(), clock), clock)
    pass_time(clock, 599)
    client.ask("version")
    pass_time(clock, 599)
    assert not client.parted
    client.got()
    pass_time(clock, 2)
    assert client.got() == "ERR no command for 10m\n\n"
    assert client.parted


def test_who_watches_is_never_idle(clock: Clock) -> None:
    """A night without alerts is what one hopes for."""
    client = Client(AdminFactory(surface(), clock), clock)
    client.send("watch\n")
    pass_time(clock, 3600)
    assert not client.parted


def test_a_line_that_does_not_end_is_given_up(clock: Clock) -> None:
    """One byte per 10 s holds a connection for less than a minute."""
    client = Client(AdminFactory(surface(), clock), clock)
    client.got()
    for byte in "status":
        if client.parted:
            break
        client.send(byte)
        pass_time(clock, 10)
    assert client.got() == "ERR no newline for 45s\n\n"
    assert client.parted
    assert clock.seconds() < 60


def test_a_client_that_does_not_read_its_replies_is_not_read_either_and_cut_off(
    clock: Clock,
) -> None:
    """At most one reply beyond the transport's buffer is made for it."""
    client = Client(AdminFactory(surface(), clock), clock)
    client.wire.stuck = True
    client.send("help\n" * 10_000)
    assert client.wire.unread < 70_000
    assert client.wire.producerState == "paused"
    with capturedLogs() as events:
        pass_time(clock, 31)
    assert client.wire.aborted
    told = "an admin client at 127.0.0.1 does not read: cut off"
    assert [formatEvent(event) for event in events] == [told]


def test_a_slow_client_gets_a_long_reply_piece_by_piece(clock: Clock) -> None:
    """What it has not taken yet has not been made yet."""
    alerts = FakeAlerts([incident(at=1_795_000_000 + i) for i in range(2000)])
    client = Client(AdminFactory(surface(alerts=alerts), clock), clock)
    client.got()
    client.wire.stuck = True
    client.send("json incidents\nversion\n")
    assert client.wire.unread < 70_000
    while client.protocol._paused_at is not None:
        clock.advance(20)
        client.wire.unread = 0
        client.protocol.resumeProducing()
    client.turns()
    listed, version = client.got().split("\n\n")[:2]
    assert listed.count('"short_id"') == 2000
    assert version == "logmond 0.1.0"


def test_a_watching_client_that_never_reads_is_cut_off_at_a_mebibyte(clock: Clock) -> None:
    """Events queue up for it, but not without bound."""
    alerts = FakeAlerts()
    client = Client(AdminFactory(surface(alerts=alerts), clock, limits=Limits()), clock)
    client.send("watch\n")
    client.wire.stuck = True
    event = incident().as_event("update")
    told = 0
    while not client.wire.aborted:
        alerts.tell(event)
        told += len(client.protocol._clients.event_line(event, client.protocol._then))
    assert 1024 * 1024 < told < 1024 * 1024 + 100_000
    alerts.tell(event)


def test_a_watching_client_may_pause_as_long_as_little_waits_for_it(clock: Clock) -> None:
    """Ctrl-S in a terminal is no reason to be cut off."""
    alerts = FakeAlerts()
    client = Client(AdminFactory(surface(alerts=alerts), clock), clock)
    client.send("watch\n")
    client.wire.stuck = True
    for _ in range(1000):
        alerts.tell(incident().as_event())
    pass_time(clock, 600)
    assert not client.wire.closed


def test_a_watching_client_that_reads_again_gets_every_event(clock: Clock) -> None:
    """What queued up comes in order, then the rest as it happens."""
    alerts = FakeAlerts()
    client = Client(AdminFactory(surface(alerts=alerts), clock), clock)
    client.send("watch\n")
    client.got()
    client.wire.stuck = True
    made = [incident(at=1_795_000_000 + i) for i in range(1000)]
    for one in made:
        alerts.tell(one.as_event())
    client.wire.stuck = False
    client.protocol.resumeProducing()
    ids = [line.split()[4] for line in client.got().splitlines()]
    assert ids == [one.short_id for one in made]


def test_a_client_that_neither_reads_nor_ends_is_dropped_when_it_quits(clock: Clock) -> None:
    """Our half is closed; its half gets two seconds."""
    client = Client(AdminFactory(surface(), clock), clock)
    client.send("quit\n")
    assert not client.wire.closed
    pass_time(clock, 3)
    assert client.wire.aborted


def test_nothing_ticks_while_nobody_is_connected(clock: Clock) -> None:
    """Idle means idle."""
    factory = AdminFactory(surface(), clock)
    client = Client(factory, clock)
    assert clock.calls
    client.end()
    assert clock.calls == []


def test_closing_while_a_command_waits_runs_it_no_more(clock: Clock) -> None:
    """At the daemon's end the clients are let go at once."""
    stats = FakeStatistics()
    factory = AdminFactory(surface(stats=stats), clock)
    client = Client(factory, clock)
    client.protocol.dataReceived(b"stats\n")
    factory.close()
    client.turns()
    assert stats.asked == []
    assert client.parted
