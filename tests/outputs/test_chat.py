"""Apprise is asked in threads of its own, and no fault of it reaches anybody else."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event as Gate
from threading import current_thread
from typing import Any

import pytest
from messages import message
from patience import eventually, within
from pytest_twisted import ensureDeferred
from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred

from logmond.outputs.chat import THREADS, Chat, kind_of, unmentioned
from logmond.outputs.notifier import NotDelivered


class Service:
    """What Apprise would make of a URL: calls what the test says."""

    def __init__(self, url: str, act: Callable[[str], bool], told: list[dict[str, Any]]) -> None:
        self.url, self._act, self._told = url, act, told

    def notify(self, **given: Any) -> bool:
        """Keep what it was given, and the thread."""
        self._told.append({**given, "url": self.url, "thread": current_thread()})
        return self._act(self.url)


def chat(act: Callable[[str], bool], *urls: str) -> tuple[Chat, list[dict[str, Any]]]:
    """A notifier whose services do as told, and what they were told."""
    told: list[dict[str, Any]] = []
    return Chat(
        reactor, "web1", urls=urls or ("x://1",), service=lambda url: Service(url, act, told)
    ), told


@ensureDeferred
async def test_a_message_is_given_as_title_text_and_kind_in_another_thread() -> None:
    """Apprise makes of these what its service shows."""
    notifier, told = chat(lambda url: True)
    await within(5, notifier.send(message(title="CRITICAL errors", text="two\nlines")))
    (given,) = told
    thread = given.pop("thread")
    assert given == {
        "title": "CRITICAL errors",
        "body": "two\nlines",
        "notify_type": "warning",
        "body_format": "text",
        "url": "x://1",
    }
    assert thread is not current_thread()
    assert thread.daemon, "a hanging one would keep the process from ending"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("GET /@everyone and /@Here 404", "GET /@ everyone and /@ Here 404"),
        ("@@channel @all @room", "@@ channel @ all @ room"),
        ("agent <!channel> <!subteam^S1>", "agent <! channel> <! subteam^S1>"),
        ("<@U024BE7LH> <@&1655> <users/all>", "<@ U024BE7LH> <@ &1655> <users/ all>"),
        ("<@everyone>", "<@ everyone>"),
        ("p99 > 2s < 3s, ops@example.org, /@allison", "p99 > 2s < 3s, ops@example.org, /@allison"),
    ],
)
def test_nobody_is_called_by_what_strangers_type(said: str, told: str) -> None:
    """Readable all the same, and mended once for all."""
    assert unmentioned(said) == told
    assert unmentioned(told) == told


@ensureDeferred
async def test_titles_and_texts_call_nobody() -> None:
    """A group of a rule, which a title names, is a stranger's word, too."""
    notifier, told = chat(lambda url: True)
    await within(5, notifier.send(message(title="errors (/@here)", text="<!channel> 404")))
    assert (told[0]["title"], told[0]["body"]) == ("errors (/@ here)", "<! channel> 404")


@ensureDeferred
async def test_what_a_service_refuses_is_not_delivered() -> None:
    """Apprise says no more than False where it logged nothing."""
    notifier, _ = chat(lambda url: False)
    with pytest.raises(NotDelivered, match="x: not taken, no reason given"):
        await within(5, notifier.send(message()))


@ensureDeferred
async def test_a_fault_in_a_service_is_not_delivered_and_its_secrets_are_not_told() -> None:
    """Whatever a library raises, with the token it was given in it."""

    def fault(url: str) -> bool:
        raise RuntimeError(f"no such thing as {url} with tok3n-of-ours")

    notifier, _ = chat(fault, "x://tok3n-of-ours@secret.example/room")
    with pytest.raises(NotDelivered) as caught:
        await within(5, notifier.send(message()))
    assert "RuntimeError" in str(caught.value)
    assert "tok3n" not in str(caught.value)
    assert "secret.example" not in str(caught.value)


@ensureDeferred
async def test_only_those_who_have_not_got_a_message_are_told_again() -> None:
    """One address being down makes no duplicates at the other."""
    down = {"x://2"}
    notifier, told = chat(lambda url: url not in down, "x://1", "x://2")
    with pytest.raises(NotDelivered):
        await within(5, notifier.send(message("a")))
    down.clear()
    await within(5, notifier.send(message("a")))
    assert sorted(given["url"] for given in told) == ["x://1", "x://2", "x://2"]


@ensureDeferred
async def test_a_hanging_service_is_given_up_and_then_left_alone() -> None:
    """Its threads are counted, and there are never more than a few."""
    gate = Gate()
    notifier, told = chat(lambda url: gate.wait(20))
    try:
        for number in range(THREADS):
            attempt: Deferred[None] = notifier.send(message(str(number)))
            attempt.cancel()
            with pytest.raises(CancelledError):
                await within(5, attempt)
        assert notifier.hanging == THREADS
        with pytest.raises(NotDelivered, match=f"{THREADS} earlier attempts have not returned"):
            await within(5, notifier.send(message("more")))
        await eventually(5, lambda: len(told) == THREADS)
    finally:
        gate.set()
    await eventually(5, lambda: notifier.hanging == 0)
    await within(5, notifier.send(message("more")))


@ensureDeferred
async def test_what_arrived_after_all_is_not_sent_again() -> None:
    """An attempt that was given up may still succeed; its retry finds that out."""
    gate = Gate()
    notifier, told = chat(lambda url: gate.wait(20))
    attempt = notifier.send(message("a"))
    attempt.cancel()
    with pytest.raises(CancelledError):
        await within(5, attempt)
    gate.set()
    await eventually(5, lambda: notifier.hanging == 0)
    await within(5, notifier.send(message("a")))
    assert len(told) == 1


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("pagerduty://i@k/web1", {"dedup": message().events[0].id, "action": "map"}),
        ("pagerduty://i@k/web1?action=trigger", {"dedup": message().events[0].id}),
        ("pagerduty://i@k/web1?dedup=mine", {}),
        ("x://1", {}),
    ],
)
@ensureDeferred
async def test_a_pager_closes_what_it_opened(url: str, expected: dict[str, str]) -> None:
    """By the id of the incident, unless the operator wants it otherwise."""
    made: list[Service] = []

    def service(url: str) -> Service:
        made.append(Service(url, lambda url: True, []))
        return made[-1]

    await within(5, Chat(reactor, "web1", urls=[url], service=service).send(message()))
    found = vars(made[0])
    assert {name: found[name] for name in ("dedup", "action") if name in found} == expected


@pytest.mark.parametrize(
    ("kind", "severity", "expected"),
    [
        ("alert", "critical", "failure"),
        ("alert", "warning", "warning"),
        ("reminder", "critical", "failure"),
        ("alert", "info", "info"),
        ("recovered", "critical", "success"),
        ("expired", "critical", "info"),
        ("test", "critical", "info"),
    ],
)
def test_the_kind_of_a_message_becomes_its_colour(kind: str, severity: str, expected: str) -> None:
    """Apprise has four words for it."""
    assert kind_of(message(kind=kind, severity=severity)) == expected
