"""Everybody Apprise can reach: chats, mail, pagers. One thread for each attempt, none of ours.

Apprise waits while it sends. A thread that hangs cannot be ended, so an attempt
that is given up leaves its thread behind, counted, and as soon as
`THREADS` of them hang on one address no further attempt is made there until
one returns. They are daemon threads: none of them keeps the process from
ending, and the reactor's own pool is not touched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from threading import Thread
from typing import Any

from twisted.internet.defer import Deferred, DeferredList, fail, succeed

from logmond.outputs.chaturl import captured, redacted, scheme_of, service
from logmond.outputs.notifier import Message, NotDelivered

THREADS = 2
"""Threads that may be under way, or hang, for one address."""

MAX_URLS = 8
"""Addresses of one notifier."""

_REMEMBERED = 64

# <!channel> and <@U024BE7LH> are Slack's, <@&165511591545143296> Discord's, <users/all> Google's.
_TAGGED = re.compile(r"<(?:[@!]|users/)(?=\S)")
_EVERYBODY = re.compile(r"@(?=(?:everyone|here|channel|all|room)\b)", re.IGNORECASE)

_TYPES = {"critical": "failure", "warning": "warning", "info": "info"}


class Chat:
    """One notifier with one or more addresses, each told by its own thread.

    What fails at one address is tried again there only: the others have it.
    """

    def __init__(
        self,
        reactor: Any,
        node: str,
        *,
        urls: Sequence[str],
        service: Callable[[str], Any] = service,
    ) -> None:
        """Make one; nothing is connected.

        Args:
            reactor: whose thread results come back to.
            node: stands in the messages already.
            urls: at most `MAX_URLS`, checked when the configuration was read.
            service: what makes a service of Apprise from an address.
        """
        self._addresses = [_Address(url, reactor, service) for url in urls]

    @property
    def hanging(self) -> int:
        """Threads of attempts that were given up and have not returned."""
        return sum(address.hanging for address in self._addresses)

    def send(self, message: Message) -> Deferred[None]:
        """Tell every address that has not taken this message yet."""
        waiting = [address for address in self._addresses if message.id not in address.taken]
        attempts = [address.send(message) for address in waiting]
        return DeferredList(attempts, consumeErrors=True).addCallback(self._sent)

    def _sent(self, results: list[tuple[bool, Any]]) -> None:
        failures = [result for success, result in results if not success]
        if not failures:
            return
        for failure in failures:
            if not failure.check(NotDelivered):
                failure.raiseException()
        errors = [failure.value for failure in failures]
        raise NotDelivered(
            "; ".join(dict.fromkeys(map(str, errors))),
            permanent=all(error.permanent for error in errors),
        )

    def close(self) -> Deferred[None]:
        """Threads end by themselves, or with the process."""
        return succeed(None)


class _Address:
    """One URL of Apprise: who has it taken, and the threads that are at it."""

    def __init__(self, url: str, reactor: Any, service: Callable[[str], Any]) -> None:
        self._url = url
        self._reactor = reactor
        self._service = service
        self._threads = 0
        self.hanging = 0
        self.taken: dict[str, None] = {}

    def send(self, message: Message) -> Deferred[None]:
        """One attempt in a thread of its own."""
        if self._threads >= THREADS:
            hang = f"{self.hanging} earlier attempts have not returned"
            return fail(NotDelivered(f"{scheme_of(self._url)}: {hang}"))
        given_up = False

        def give_up(_: Deferred[None]) -> None:
            nonlocal given_up
            given_up = True
            self.hanging += 1

        done: Deferred[None] = Deferred(give_up)

        def returned(error: Exception | None) -> None:
            self._threads -= 1
            if error is None:
                self._take(message.id)
            if given_up:
                self.hanging -= 1
            elif error is None:
                done.callback(None)
            else:
                done.errback(error)

        def attempt() -> None:
            error: Exception | None = NotDelivered(f"{scheme_of(self._url)}: the attempt failed")
            try:
                error = self._attempt(message)
            finally:
                self._reactor.callFromThread(returned, error)

        self._threads += 1
        Thread(target=attempt, name=f"notify-{scheme_of(self._url)}", daemon=True).start()
        return done

    def _take(self, message_id: str) -> None:
        self.taken[message_id] = None
        while len(self.taken) > _REMEMBERED:
            del self.taken[next(iter(self.taken))]

    def _attempt(self, message: Message) -> Exception | None:
        """Send, in this thread; why it failed, or None."""
        scheme = scheme_of(self._url)
        with captured() as said:
            try:
                # Fresh every time: a service keeps connections and counts, and is no
                # thread's but its own.
                service = self._service(self._url)
                _name(service, self._url, message)
                taken = service.notify(
                    title=unmentioned(message.title),
                    body=unmentioned(message.text),
                    notify_type=kind_of(message),
                    body_format="text",
                )
            except Exception as error:  # whatever is wrong in somebody else's library
                return NotDelivered(f"{scheme}: {redacted(repr(error), self._url)}")
        if taken:
            return None
        why = "; ".join(redacted(line, self._url) for line in said)
        return NotDelivered(f"{scheme}: {why or 'not taken, no reason given'}")


def unmentioned(text: str) -> str:
    """A text that calls nobody: much of it was typed by strangers, in paths and names of agents.

    A space behind the mark is enough for every service that knows such words.
    """
    return _EVERYBODY.sub("@ ", _TAGGED.sub(r"\g<0> ", text))


def _name(service: Any, url: str, message: Message) -> None:
    """Let a pager know by its id what a message is about, so that an end closes what was opened.

    Apprise goes by the first line of the text otherwise, which is another at the end.
    """
    if scheme_of(url) == "pagerduty" and len(message.events) == 1 and "dedup=" not in url:
        service.dedup = message.events[0].id
        if "action=" not in url:
            service.action = "map"


def kind_of(message: Message) -> str:
    """Apprise's word for how grave a message is: the colour or icon it gets."""
    if message.kind == "recovered":
        return "success"
    if message.kind in ("test", "expired", "removed", "acknowledged"):
        return "info"
    return _TYPES[message.severity]
