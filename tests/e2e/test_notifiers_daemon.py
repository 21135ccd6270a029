"""The real daemon tells real receivers, whatever happens between its decision and their door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import time
from typing import Any

import pytest
from daemon import Daemon
from heard import Alertmanager, Listener, Mailbox, labels
from patience import until
from processes import free_port
from receivers import Receivers, running_receivers

pytestmark = pytest.mark.peer("exim4", "ngircd", "prometheus-alertmanager")

_TOLD_S = 40


@pytest.fixture
def receivers(tmp_path: Path) -> Iterator[Receivers]:
    """Servers for this test."""
    with running_receivers(tmp_path) as running:
        yield running


class Site:
    """A web server's log, and a daemon that tells three receivers of what is in it."""

    def __init__(self, daemon_of: Callable[..., Daemon], folder: Path) -> None:
        self.log = folder / "access.log"
        self.log.touch()
        self.mail, self.irc, self.alertmanager = free_port(), free_port(), free_port()
        self.daemon = daemon_of(self.settings())

    def settings(self) -> dict[str, Any]:
        """A rule that fires at once and recovers soon."""
        mail = f"mailto://127.0.0.1:{self.mail}/?from=logmond@web1.test&to=ann@ops.test"
        return {
            "sources": [{"name": "web", "files": [str(self.log)], "format": "combined"}],
            "rules": [
                {"name": "busy", "metric": "hits", "window": "5s", "above": 5, "hold": "1s"},
                {
                    "name": "by-section",
                    "metric": "hits",
                    "window": "5s",
                    "above": 2,
                    "hold": "1s",
                    "group_by": ["section"],
                },
            ],
            "outputs": [
                {"name": "mail", "type": "apprise", "url": mail, "rules": ["busy"]},
                {
                    "name": "irc",
                    "type": "irc",
                    "server": f"irc://127.0.0.1:{self.irc}",
                    "channel": "#ops",
                    "rules": ["busy"],
                },
                {
                    "name": "alertmanager",
                    "type": "alertmanager",
                    "url": f"http://127.0.0.1:{self.alertmanager}",
                },
            ],
        }

    def visited(self, *paths: str) -> None:
        """Somebody asks for pages, now."""
        stamp = datetime.fromtimestamp(time(), UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")
        with self.log.open("a") as file:
            for path in paths:
                file.write(f'192.0.2.1 - - [{stamp}] "GET {path} HTTP/1.1" 200 5 "-" "curl"\n')

    def id(self, rule: str = "busy") -> str:
        """The id of an open incident, once there is one."""

        def opened() -> str:
            answer = self.daemon.json("incidents")
            found = [one["id"] for one in answer if one["rule"] == rule]
            return found[0] if found else ""

        return until(_TOLD_S, opened, lambda: self.daemon.process.output)

    def outputs(self) -> dict[str, dict[str, Any]]:
        """How each receiver is reached."""
        return {output["name"]: output for output in self.daemon.json("outputs")}


def heard_all(
    id_: str, box: Mailbox, ann: Listener, alertmanager: Alertmanager, site: Site
) -> None:
    """The beginning of an incident has reached everybody."""
    short = id_[-8:]

    def told() -> bool:
        return bool(
            box.messages()
            and ann.said(short)
            and any(one["logmond_id"] == id_ for one in labels(alertmanager, "busy"))
        )

    until(_TOLD_S, told, lambda: (site.outputs(), ann.heard, alertmanager.alerts()))


def ended_all(
    id_: str, box: Mailbox, ann: Listener, alertmanager: Alertmanager, site: Site
) -> None:
    """Its end, too, and by the same id."""

    def told() -> bool:
        return bool(
            len(box.messages()) > 1
            and ann.said("recovered")
            and not any(one["logmond_id"] == id_ for one in labels(alertmanager, "busy"))
        )

    until(_TOLD_S, told, lambda: (site.outputs(), ann.heard, alertmanager.alerts()))
    assert id_[-8:] in ann.said("Incident")[-1]
    first, last = box.messages()[0], box.messages()[-1]
    assert first["Subject"] == f"ALERT warning on test: busy is firing [{id_[-8:]}]"
    assert last["Subject"] == f"RECOVERED warning on test: busy recovered [{id_[-8:]}]"
    for one in (first, last):
        assert f"Incident {id_[-8:]} on test" in one.get_content()


def test_mail_irc_and_alertmanager_hear_the_beginning_and_the_end(
    receivers: Receivers, daemon_of: Callable[..., Daemon], tmp_path: Path
) -> None:
    """By one id; the groups of a rule are one group of Alertmanager's."""
    site = Site(daemon_of, tmp_path)
    box, _ = receivers.mail(site.mail), receivers.irc(site.irc)
    alertmanager, ann = receivers.alertmanager(site.alertmanager), receivers.listener(site.irc)
    site.visited(*["/api/1"] * 4, *["/shop/1"] * 4)
    id_ = site.id()
    heard_all(id_, box, ann, alertmanager, site)

    def sections() -> set[str]:
        return {one["section"] for one in labels(alertmanager, "by-section")}

    until(_TOLD_S, lambda: sections() == {"/api", "/shop"}, alertmanager.alerts)
    grouped = [len(group["alerts"]) for group in alertmanager.groups()]
    assert sorted(grouped) == [1, 2]
    ended_all(id_, box, ann, alertmanager, site)
    until(_TOLD_S, lambda: not alertmanager.alerts(), alertmanager.alerts)
    assert len(box.messages()) == 2
    until(10, lambda: site.outputs()["mail"]["sent"] == 2, site.outputs)


def test_what_was_decided_before_a_crash_is_told_after_it(
    receivers: Receivers, daemon_of: Callable[..., Daemon], tmp_path: Path
) -> None:
    """Nobody was there when it was decided; then the daemon was killed, too."""
    site = Site(daemon_of, tmp_path)
    site.visited(*["/api/1"] * 8)
    id_ = site.id()

    def refused() -> bool:
        return all(one["failed"] and one["queued"] for one in site.outputs().values())

    until(_TOLD_S, refused, site.outputs)
    site.daemon.kill()
    box, _ = receivers.mail(site.mail), receivers.irc(site.irc)
    alertmanager, ann = receivers.alertmanager(site.alertmanager), receivers.listener(site.irc)
    assert (box.messages(), ann.said("busy"), alertmanager.alerts()) == ([], [], [])
    site.daemon.start()

    def told() -> bool:
        return bool(
            box.messages() and ann.said(id_[-8:]) and site.outputs()["alertmanager"]["sent"]
        )

    until(_TOLD_S, told, lambda: (site.outputs(), ann.heard))
    ended_all(id_, box, ann, alertmanager, site)


@pytest.mark.parametrize("name", ["mail", "irc", "alertmanager"])
def test_a_test_goes_the_same_way(
    receivers: Receivers, daemon_of: Callable[..., Daemon], tmp_path: Path, name: str
) -> None:
    """And fails in words where nobody is."""
    site = Site(daemon_of, tmp_path)
    (failed,) = site.daemon.ask(f"test-output {name} hello there")
    assert failed.startswith("ERR not delivered")
    assert "refused" in failed
    if name == "mail":
        box = receivers.mail(site.mail)
        heard: Callable[[], object] = box.messages
    elif name == "irc":
        receivers.irc(site.irc)
        ann = receivers.listener(site.irc)
        heard = lambda: ann.said("hello there")  # noqa: E731
    else:
        alertmanager = receivers.alertmanager(site.alertmanager)
        heard = lambda: labels(alertmanager, "logmond-test")  # noqa: E731
    (told,) = site.daemon.ask(f"test-output {name} hello there")
    assert told.startswith("delivered in "), site.daemon.process.output
    until(10, heard)
