"""A real Alertmanager believes what it is told, and no longer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import time
from typing import Any

import pytest
from happened import happened
from heard import Alertmanager as Running
from heard import labels
from patience import eventually, within
from pytest_twisted import ensureDeferred
from receivers import Receivers, running_receivers
from twisted.internet import reactor

from logmond.outputs.alertmanager import Alertmanager
from logmond.outputs.notifier import Message

pytestmark = pytest.mark.peer("prometheus-alertmanager")


@pytest.fixture
def receivers(tmp_path: Path) -> Iterator[Receivers]:
    """Servers for this test."""
    with running_receivers(tmp_path) as running:
        yield running


def to(running: Running) -> Alertmanager:
    """A notifier for a running one."""
    return Alertmanager(
        reactor,
        "web1",
        url=f"http://127.0.0.1:{running.port}",
        headers={},
        allow_private=True,
        repeat_s=60,
    )


def message(**changes: Any) -> Message:
    """An alert of now."""
    now = int(time())
    one = happened(now, **{"triggered_at": now - 60, **changes})
    return Message(f"m-{one.kind}-{one.severity}", one.kind, one.at, (one,), "title", "text")


@ensureDeferred
async def test_an_escalation_leaves_one_alert_and_an_end_none(receivers: Receivers) -> None:
    """The alert with the lower severity does not linger."""
    running = receivers.alertmanager()
    notifier = to(running)
    for severity in ("warning", "critical"):
        await within(10, notifier.send(message(severity=severity)))
        await eventually(
            10,
            lambda wanted=severity: (
                [one["severity"] for one in labels(running, "errors")] == [wanted]
            ),
            running.alerts,
        )
    await within(10, notifier.send(message(severity="critical", kind="recovered")))
    await eventually(10, lambda: not running.alerts(), running.alerts)


@ensureDeferred
async def test_an_end_is_taken_though_the_clock_was_set_back(receivers: Receivers) -> None:
    """An alert that ends before it began would be refused, and go on."""
    running = receivers.alertmanager()
    notifier = to(running)
    later = int(time()) + 3600
    await within(10, notifier.send(message(triggered_at=later)))
    await eventually(10, lambda: labels(running, "errors"), running.alerts)
    end = message(triggered_at=later, kind="recovered", recovered_at=later + 60)
    await within(10, notifier.send(end))
    await eventually(10, lambda: not running.alerts(), running.alerts)
