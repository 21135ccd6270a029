"""Prometheus' Alertmanager is told what fires, again and again, and what has ended.

It holds state, not messages: an alert is known by its labels, lives as long as
it is repeated, and ends when it is said to, or is not heard of any more. So each
one says until when it may be believed: ``endsAt``, some repeats ahead, outlasts
one lost repeat, and lets it end by itself when logmond is gone. How it tells
people, grouped and silenced, is its own business
(https://prometheus.io/docs/alerting/latest/clients/).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from time import time
from typing import Any, Protocol

import msgspec
from twisted.internet.defer import Deferred, succeed

from logmond.alerts.event import Event
from logmond.outputs.hiding import parts
from logmond.outputs.notifier import Message
from logmond.outputs.posting import Answer, Poster
from logmond.outputs.telling import TEST
from logmond.outputs.webhook import judge
from logmond.outputs.weburl import parse
from logmond.telemetry import visible

PATH = "/api/v2/alerts"

REPEATS_BELIEVED = 4
"""Repeats that an alert outlives without being repeated."""

TEST_S = 60
"""How long a test fires."""

_ENDED = ("recovered", "expired", "removed")
_OURS = ("alertname", "severity", "node", "logmond_id")
_MOST_REMEMBERED = 10_000

Labels = dict[str, str]


class Posts(Protocol):
    """Who posts for us (`logmond.outputs.posting.Poster`)."""

    def post(self, body: bytes, headers: Mapping[str, str], now: float) -> Deferred[Answer]:
        """Post; fires with any answer, fails with NotDelivered when there is none."""


class Alertmanager:
    """The notifier.

    The severity is a label, because that is what Alertmanager routes by; an
    incident that escalates is therefore another alert there, and the one with
    the lower severity is ended in the same request.
    """

    def __init__(
        self,
        reactor: Any,
        node: str,
        *,
        url: str,
        headers: Mapping[str, str],
        allow_private: bool,
        repeat_s: int,
        wall: Callable[[], float] = time,
        poster: Posts | None = None,
    ) -> None:
        """Make one; nothing is connected.

        Args:
            url: of the Alertmanager, with or without `PATH`.
            headers: of every request, such as ``Authorization``.
            repeat_s: how often it is told again of what fires.
            wall: epoch seconds.
            poster: what posts; by default over the network.
        """
        address = parse(endpoint(url))
        self._poster = poster or Poster(
            reactor,
            address,
            allow_private=allow_private,
            secrets=parts(address.path.removesuffix(PATH), *headers.values()),
        )
        self._headers = {"Content-Type": "application/json", **headers}
        self._node = node
        self._believed_s = REPEATS_BELIEVED * repeat_s
        self._wall = wall
        self._labels: dict[str, Labels] = {}

    def send(self, message: Message) -> Deferred[None]:
        """Tell of the incidents of a message, as they are."""
        now = self._wall()
        alerts = [alert for event in message.events for alert in self._alerts(event, message, now)]
        if message.kind == TEST:
            alerts = [self._test(message, now)]
        posted = self._poster.post(msgspec.json.encode(alerts), self._headers, now)
        return posted.addCallback(lambda answer: self._answered(answer, message))

    def close(self) -> Deferred[None]:
        """Nothing is kept open."""
        return succeed(None)

    def _alerts(self, event: Event, message: Message, now: float) -> list[dict[str, Any]]:
        """An incident as an alert; and the one it was before, ended, if its labels changed."""
        labels = labels_of(event)
        until = now + self._believed_s
        if event.kind in _ENDED:
            until = min(now, event.recovered_at or event.at)
        found = [
            {
                "labels": labels,
                "annotations": annotations_of(event),
                # Where the clock was set back; an end before the start is refused.
                "startsAt": rfc3339(min(event.triggered_at, until)),
                "endsAt": rfc3339(until),
            }
        ]
        before = self._labels.get(event.id)
        if before is not None and before != labels:
            found.append({**found[0], "labels": before, "endsAt": rfc3339(now)})
        return found

    def _test(self, message: Message, now: float) -> dict[str, Any]:
        return {
            "labels": {"alertname": "logmond-test", "severity": "info", "node": self._node},
            "annotations": {"summary": message.text},
            "startsAt": rfc3339(now),
            "endsAt": rfc3339(now + TEST_S),
        }

    def _answered(self, answer: Answer, message: Message) -> None:
        judge(answer)
        for event in message.events if message.kind != TEST else ():
            self._remember(event)

    def _remember(self, event: Event) -> None:
        self._labels.pop(event.id, None)
        if event.kind not in _ENDED:
            self._labels[event.id] = labels_of(event)
            if len(self._labels) > _MOST_REMEMBERED:
                del self._labels[next(iter(self._labels))]


def endpoint(url: str) -> str:
    """Where alerts are posted, of an Alertmanager's address with or without `PATH`."""
    base = url.rstrip("/")
    return base if base.endswith(PATH) else base + PATH


def labels_of(event: Event) -> Labels:
    """What an incident is known by; the same in its whole life, but for the severity.

    Group dimensions are labels of their own; one named as a label of ours, or as
    no label can be, becomes ``group_...``.
    """
    labels = {
        "alertname": event.rule,
        "severity": event.severity,
        "node": event.node,
        "logmond_id": event.id,
    }
    for dimension, value in event.group.items():
        name = re.sub("[^a-zA-Z0-9_]", "_", dimension)
        if name in _OURS or name.startswith("__") or not re.match("[a-zA-Z_]", name):
            name = f"group_{name}"
        # People read it there as text, and type it into a silence.
        labels[name] = visible(value)
    return labels


def annotations_of(event: Event) -> Labels:
    """What people read; nothing empty, because Alertmanager takes that for absent."""
    found = {
        "summary": event.message,
        "value": "" if event.value is None else f"{event.value:g}",
        "limit": f"{event.limit:g}",
        "evidence": ", ".join(
            f"{one.dimension} {one.key} {one.share:.0%}" for one in event.evidence
        ),
        "runbook": event.runbook or "",
        "short_id": event.short_id,
    }
    return {name: visible(text) for name, text in found.items() if text}


def rfc3339(second: float) -> str:
    """A moment with its milliseconds."""
    return datetime.fromtimestamp(second, UTC).isoformat(timespec="milliseconds")
