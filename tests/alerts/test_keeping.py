"""What alerts remember is written in rows, and only where it changed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fake_stats import START, Daemon, FakeStatistics

from logmond.alerts.admission import RULE_CAP
from logmond.alerts.keeping import PIECE
from logmond.alerts.memory import Memory, encode, pack
from logmond.alerts.rule import Rule
from logmond.alerts.service import AlertService
from logmond.errors import StateError

HOSTS = [f"shop{number}" for number in range(4)]
BY_HOST = Rule(
    "by-host", "hits", group_by=("vhost",), window_s=3, hold_s=3, for_s=2,
    above=(("warning", 30.0), ("critical", 90.0)),
)  # fmt: skip
FEW = Rule("few", "hits", group_by=("vhost",), window_s=3, hold_s=2, below=(("warning", 12.0),))
SILENT = Rule("silent", "ratio_5xx", window_s=5, above=(("warning", 0.5),), no_data="alert")
QUIET = Rule("quiet", "hits", window_s=1, above=(("warning", 1e9),))
RULES = (BY_HOST, FEW, SILENT, QUIET)


def stats() -> FakeStatistics:
    """Hosts that are busy, quiet, and busy again, and then nothing for a while."""
    fake = FakeStatistics()
    for second in range(60):
        for number, host in enumerate(HOSTS):
            if not 40 <= second < 50:
                fake.put(second, 40 if (second + 5 * number) % 20 < 10 else 2, vhost=host)
    return fake


class Disk:
    """Rows as the durable state keeps them."""

    def __init__(self) -> None:
        self.rows: dict[str, bytes] = {}

    def write(self, changed: dict[str, bytes | None]) -> None:
        """One commit."""
        for name, row in changed.items():
            if row is None:
                self.rows.pop(name, None)
            else:
                self.rows[name] = row


def pack_ahead(alerts: AlertService) -> int:
    """How many turns the reactor gets."""
    return sum(1 for _ in alerts.pack())


def test_the_rows_of_every_commit_give_back_all_as_it_was() -> None:
    """Every field of every incident, track and count, whenever the daemon is killed."""
    daemon, disk = Daemon(*RULES, stats=stats()), Disk()
    most = 0
    for second in range(60):
        daemon.run(second)
        if second == 30:
            daemon.alerts.acknowledge(daemon.alerts.incidents()[0].id, "eva", "on it")
        pack_ahead(daemon.alerts)
        disk.write(daemon.alerts.changes())
        again = AlertService(RULES, daemon.stats, "web1")
        again.restore(disk.rows)
        # The limits of now are looked up by the next second.
        assert [replace(i, bounds=None) for i in again.incidents(all=True)] == [
            replace(i, bounds=None) for i in daemon.alerts.incidents(all=True)
        ]
        assert again.snapshot() == daemon.restarted(*RULES).alerts.snapshot()
        most = max(most, len(again.incidents()))
    assert most > len(HOSTS)


def test_who_came_first_has_the_place_after_a_restart_too() -> None:
    """With more groups than places, the loudest of now are not those that were admitted."""
    fake = FakeStatistics()
    for number in range(RULE_CAP):
        fake.put(0, 1, vhost=f"host{number}")
    for number in range(10):
        fake.put(1, 50, vhost=f"late{number}")
    rule = Rule("r", "hits", group_by=("vhost",), window_s=9, above=(("warning", 400.0),))
    daemon, disk = Daemon(rule, stats=fake), Disk()
    daemon.run(0)
    disk.write(daemon.alerts.changes())
    told = daemon.run(1)
    assert [event.group for event in told] == [{"vhost": "(other)"}]
    disk.write(daemon.alerts.changes())
    again = AlertService([rule], fake, "web1")
    again.restore(disk.rows)
    daemon.run(2)
    again.step(START + 2)
    assert again.statuses() == daemon.alerts.statuses()
    assert again.incidents() == daemon.alerts.incidents()
    assert again.incidents()[0].value == 10 * 50


def test_packing_ahead_gives_what_packing_at_once_gives() -> None:
    """Row for row."""
    ahead, once = Daemon(*RULES, stats=stats()), Daemon(*RULES, stats=stats())
    for second in range(60):
        ahead.run(second)
        once.run(second)
        pack_ahead(ahead.alerts)
        assert ahead.alerts.changes() == once.alerts.changes()


def test_a_quiet_rule_is_not_written() -> None:
    """A second in which nothing happened costs what is not of a rule."""
    daemon = Daemon(QUIET, BY_HOST)
    daemon.run(1)
    assert list(daemon.alerts.changes()) == ["alerts"]
    daemon.run(2)
    assert list(daemon.alerts.changes()) == ["alerts"]


def test_evidence_and_messages_are_not_written_each_second() -> None:
    """Of an open incident that goes on, only what passes."""
    fake = FakeStatistics()
    for second in range(12):
        fake.put(second, 20 + second, vhost="shop")
    daemon = Daemon(BY_HOST, stats=fake)
    daemon.run(8)
    assert "alerts/by-host" in daemon.alerts.changes()
    daemon.run(9)
    assert list(daemon.alerts.changes()) == ["alerts", "alerts.now/by-host"]


def test_an_acknowledgement_after_packing_is_in_the_commit() -> None:
    """A command may come between two pieces; the commit is of what it left."""
    daemon, disk = Daemon(BY_HOST, stats=stats()), Disk()
    daemon.run(6)
    pack_ahead(daemon.alerts)
    incident = daemon.alerts.incidents()[0]
    daemon.alerts.acknowledge(incident.id, "eva")
    disk.write(daemon.alerts.changes())
    again = AlertService([BY_HOST], daemon.stats, "web1")
    again.restore(disk.rows)
    assert again.find(incident.id).acknowledged == incident.acknowledged is not None
    pack_ahead(daemon.alerts)
    daemon.alerts.release(incident.id)
    disk.write(daemon.alerts.changes())
    again = AlertService([BY_HOST], daemon.stats, "web1")
    again.restore(disk.rows)
    assert again.find(incident.id).acknowledged is None


def test_the_rows_of_a_rule_go_with_it() -> None:
    """At a reload, and when it is missing at a start."""
    daemon, disk = Daemon(*RULES, stats=stats()), Disk()
    daemon.run(6)
    disk.write(daemon.alerts.changes())
    assert {"alerts/by-host", "alerts.now/by-host"} <= disk.rows.keys()
    at_restart = AlertService([FEW], daemon.stats, "web1")
    at_restart.restore(disk.rows)
    gone = at_restart.changes()
    assert gone["alerts/by-host"] is gone["alerts.now/by-host"] is None
    daemon.alerts.reload([FEW], START + 6)
    gone = daemon.alerts.changes()
    assert gone["alerts/by-host"] is gone["alerts.now/by-host"] is None
    assert "alerts/few" not in gone


def test_many_open_incidents_are_packed_in_pieces() -> None:
    """Rules are never torn, and between them the reactor turns."""
    fake = FakeStatistics()
    for number in range(3 * PIECE // 2):
        fake.put(1, 50, vhost=f"host{number}")
    busy = Rule("r", "hits", group_by=("vhost",), above=(("warning", 5.0),))
    rules = [replace(busy, name=f"r{number}") for number in range(4)]
    daemon = Daemon(*rules, stats=fake)
    daemon.run(2)
    assert len(daemon.alerts.incidents()) == 6 * PIECE
    assert pack_ahead(daemon.alerts) == 4


def test_the_one_value_of_earlier_versions_is_read() -> None:
    """And replaced by rows with the first commit."""
    daemon = Daemon(BY_HOST, stats=stats())
    daemon.run(6)
    alerts = daemon.alerts
    old = Memory(1, START + 6, [watch.remembered() for watch in alerts._watches.values()])
    again, disk = AlertService([BY_HOST], daemon.stats, "web1"), Disk()
    disk.rows["alerts"] = pack(old)
    again.restore(disk.rows)
    assert [i.id for i in again.incidents()] == [i.id for i in alerts.incidents()] != []
    disk.write(again.changes())
    third = AlertService([BY_HOST], daemon.stats, "web1")
    third.restore(disk.rows)
    assert third.snapshot() == again.snapshot()


def test_rows_that_do_not_belong_together_are_refused() -> None:
    """A value must not go to another incident."""
    daemon = Daemon(BY_HOST, stats=stats())
    daemon.run(6)
    rows = daemon.alerts.snapshot()
    lasting = rows.pop("alerts/by-host")
    with pytest.raises(StateError, match="belong together"):
        Daemon(BY_HOST).alerts.restore(rows)
    rows |= {"alerts/by-host": lasting, "alerts.now/by-host": encode((0, [], []))}
    with pytest.raises(StateError, match="belong together"):
        Daemon(BY_HOST).alerts.restore(rows)
    rows["alerts.now/by-host"] = b"\xc1"
    with pytest.raises(StateError, match="cannot be read"):
        Daemon(BY_HOST).alerts.restore(rows)
