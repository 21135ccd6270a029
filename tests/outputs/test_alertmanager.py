"""Alertmanager is told what fires, until when to believe it, and what has ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from messages import NOW, event
from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from logmond.alerts.event import Event, Evidence
from logmond.outputs.alertmanager import Alertmanager, annotations_of, endpoint, labels_of
from logmond.outputs.notifier import Message, NotDelivered
from logmond.outputs.posting import Answer, Poster
from logmond.outputs.weburl import parse


class Server:
    """An Alertmanager that answers as told, and a notifier for it."""

    def __init__(self, **more: Any) -> None:
        self.posted: list[list[dict[str, Any]]] = []
        self.headers: Mapping[str, str] = {}
        self.answer = Answer(200, "OK", "", None)
        self.wall = float(NOW)
        self.notifier = Alertmanager(
            None,
            "web1",
            url="http://alertmanager.example:9093",
            headers={"Authorization": "Bearer t"},
            allow_private=True,
            repeat_s=60,
            wall=lambda: self.wall,
            poster=self,
            **more,
        )

    def post(self, body: bytes, headers: Mapping[str, str], now: float) -> Deferred[Answer]:
        """Keep what was posted."""
        self.posted.append(msgspec.json.decode(body))
        self.headers = headers
        return succeed(self.answer)

    def tell(self, *events: Event, kind: str = "alert") -> list[dict[str, Any]]:
        """What is posted for a message."""
        self.notifier.send(Message("m", kind, NOW, events, "title", "text"))
        return self.posted[-1]


def test_an_incident_becomes_an_alert_that_is_believed_for_four_repeats() -> None:
    """All its clients do so: what is not repeated ends."""
    server = Server()
    evidence = (Evidence("section", "/api", 0.83), Evidence("client", "203.0.113.7", 0.71))
    assert server.tell(event(evidence=evidence, runbook="https://wiki.example/errors")) == [
        {
            "labels": {
                "alertname": "errors",
                "severity": "warning",
                "node": "web1",
                "logmond_id": "019ab1c2-0000-7000-8000-00009f3c21ab",
                "vhost": "shop.example",
            },
            "annotations": {
                "summary": "Errors generated an alert - ratio_5xx = 7.0%",
                "value": "0.07",
                "limit": "0.05",
                "evidence": "section /api 83%, client 203.0.113.7 71%",
                "runbook": "https://wiki.example/errors",
                "short_id": "9f3c21ab",
            },
            "startsAt": "2026-09-21T14:13:10.000+00:00",
            "endsAt": "2026-09-21T14:17:20.000+00:00",
        }
    ]
    assert server.headers["Authorization"] == "Bearer t"
    assert server.headers["Content-Type"] == "application/json"


def test_each_repeat_prolongs_it() -> None:
    """By as much again."""
    server = Server()
    server.tell(event())
    server.wall += 60
    (alert,) = server.tell(event(kind="update", at=NOW + 60), kind="reminder")
    assert alert["endsAt"] == "2026-09-21T14:18:20.000+00:00"
    assert alert["startsAt"] == "2026-09-21T14:13:10.000+00:00"


@pytest.mark.parametrize("kind", ["recovered", "expired", "removed"])
def test_an_end_is_one_in_the_past(kind: str) -> None:
    """An end that is still to come would be firing until then."""
    server = Server()
    server.tell(event())
    server.wall += 300
    end = event(kind=kind, at=NOW + 290, recovered_at=NOW + 280 if kind == "recovered" else None)
    (alert,) = server.tell(end, kind=kind)
    expected = "2026-09-21T14:18:00" if kind == "recovered" else "2026-09-21T14:18:10"
    assert alert["endsAt"].startswith(expected)


def test_an_end_is_never_in_the_future() -> None:
    """Whatever the clocks say."""
    server = Server()
    server.wall -= 30
    (alert,) = server.tell(event(kind="recovered", recovered_at=NOW), kind="recovered")
    assert alert["endsAt"] == "2026-09-21T14:12:50.000+00:00"


def test_several_groups_are_several_alerts_in_one_request() -> None:
    """How they are grouped for people is its own business."""
    server = Server()
    told = server.tell(event(), event(id="b" * 36, group={"vhost": "b"}))
    assert [alert["labels"]["vhost"] for alert in told] == ["shop.example", "b"]


def test_an_escalation_ends_the_alert_it_was_before() -> None:
    """With another severity it is another alert there, and the old one would go on."""
    server = Server()
    server.tell(event())
    server.wall += 30
    now, before = server.tell(event(severity="critical"))
    assert now["labels"] == {**before["labels"], "severity": "critical"}
    assert before["labels"]["severity"] == "warning"
    assert before["endsAt"] == "2026-09-21T14:13:50.000+00:00"
    assert len(server.tell(event(severity="critical", kind="update"))) == 1


def test_what_was_not_taken_was_not_told() -> None:
    """The end of the lower severity goes along until it arrives."""
    server = Server()
    server.tell(event())
    server.answer = Answer(503, "Service Unavailable", "", 7.0)
    failed = server.notifier.send(Message("m", "alert", NOW, (event(severity="critical"),), "", ""))
    found: list[Any] = []
    failed.addErrback(found.append)
    assert isinstance(found[0].value, NotDelivered)
    assert found[0].value.retry_after_s == 7.0
    assert not found[0].value.permanent
    server.answer = Answer(200, "OK", "", None)
    assert len(server.tell(event(severity="critical"))) == 2


@pytest.mark.parametrize(("status", "permanent"), [(400, True), (401, False), (404, False)])
def test_only_an_answer_about_the_message_itself_is_for_good(status: int, permanent: bool) -> None:
    """A token can be put right, and the message then arrives."""
    server = Server()
    server.answer = Answer(status, "No", "why", None)
    found: list[Any] = []
    message = Message("m", "alert", NOW, (event(),), "", "")
    server.notifier.send(message).addErrback(found.append)
    assert found[0].value.permanent is permanent
    assert str(found[0].value) == f"{status} No: why"


def test_a_test_fires_for_a_minute_under_a_name_of_its_own() -> None:
    """So that a route can be tried without an incident."""
    (alert,) = Server().tell(kind="test")
    assert alert["labels"] == {"alertname": "logmond-test", "severity": "info", "node": "web1"}
    assert alert["endsAt"] == "2026-09-21T14:14:20.000+00:00"


def test_a_dimension_never_takes_the_place_of_a_label_of_ours() -> None:
    """Labels of one's own can be called anything."""
    group = {"severity": "x", "node": "y", "bot-kind": "z", "__name__": "n", "9th": "d"}
    labels = labels_of(event(group=group))
    assert labels["severity"] == "warning"
    assert labels["node"] == "web1"
    assert {name: labels[name] for name in labels if labels[name] in "xyznd"} == {
        "group_severity": "x",
        "group_node": "y",
        "bot_kind": "z",
        "group___name__": "n",
        "group_9th": "d",
    }


def test_what_strangers_sent_is_shown_as_text_that_moves_nothing() -> None:
    """Alertmanager hands labels and annotations on to mails and chats as they are."""
    hostile, shown = "\u202eshop\x9b31m", r"\u202eshop\x9b31m"
    evidence = (Evidence("path", hostile, 0.5, 0.0),)
    told = event(group={"vhost": hostile}, evidence=evidence, message=hostile)
    assert labels_of(told)["vhost"] == shown
    assert annotations_of(told)["evidence"] == f"path {shown} 50%"
    assert annotations_of(told)["summary"] == shown


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://am.example:9093", "http://am.example:9093/api/v2/alerts"),
        ("http://am.example:9093/", "http://am.example:9093/api/v2/alerts"),
        ("http://am.example/prefix/", "http://am.example/prefix/api/v2/alerts"),
        ("http://am.example:9093/api/v2/alerts", "http://am.example:9093/api/v2/alerts"),
    ],
)
def test_its_address_will_do_with_or_without_the_path(url: str, expected: str) -> None:
    """Behind a prefix, too."""
    assert endpoint(url) == expected


def test_a_refused_address_is_explained_by_the_keys_there_are() -> None:
    """Only a webhook can name hosts it may reach; the others allow all or none."""
    failures: list[Failure] = []
    refused = Poster(None, parse("http://127.0.0.1:1/")).post(None, {}, 0.0)
    refused.addErrback(failures.append)
    assert str(failures[0].value) == "blocked: 127.0.0.1 is loopback (127.0.0.1): set allow_private"
