"""One HTTP POST to exactly the address that was checked. No redirect, no proxy, no retry.

The host's name is resolved here, every address is looked at (`guard`), and the
connection goes to one of those that may be sent to: a name that is resolved
once more on the way could mean another address then (DNS rebinding). TLS is
verified for the name, against the authorities this machine trusts.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectError
from twisted.internet.interfaces import IHostnameResolver
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import Agent
from twisted.web.http_headers import Headers
from twisted.web.iweb import IBodyProducer
from zope.interface import implementer

from logmond import __version__
from logmond.outputs.guard import refusal
from logmond.outputs.hiding import hidden
from logmond.outputs.notifier import NotDelivered
from logmond.outputs.pinned import Found, Pinned
from logmond.outputs.weburl import WebUrl
from logmond.telemetry import decoded, visible

MAX_BODY_BYTES = 64 * 1024
"""What is read of an answer."""

BODY_S = 2.0
"""Seconds the body of an answer gets; whether a message was taken is known before."""

MAX_ADDRESSES = 4
"""Addresses of a host that are tried."""

_SHOWN = 200
_LOOKED_AT = 4096


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered; `said` is the beginning of the body, fit to be shown."""

    status: int
    reason: str
    said: str
    retry_after_s: float | None

    @property
    def text(self) -> str:
        """The answer in a few words: ``503 Service Unavailable: try later``."""
        head = f"{self.status} {self.reason}".rstrip()
        return f"{head}: {self.said}" if self.said else head


class Poster:
    """Posts to one URL.

    Args:
        reactor: makes connections, and resolves names unless `resolver` does.
        allow_private: any address will do.
        remedy: what a person may do about a host that is refused.
        secrets: what is not to be shown of an answer that repeats what was sent.
    """

    def __init__(
        self,
        reactor: Any,
        url: WebUrl,
        *,
        allow_private: bool = False,
        resolver: IHostnameResolver | None = None,
        remedy: str = "set allow_private",
        secrets: Collection[str] = (),
    ) -> None:
        self._reactor = reactor
        self._url = url
        self._allow_private = allow_private
        self._resolver = resolver
        self._remedy = remedy
        self._secrets = secrets
        self._waiting: list[Deferred[list[str]]] = []

    def post(self, body: bytes | None, headers: Mapping[str, str], now: float) -> Deferred[Answer]:
        """Post; fires with any answer, fails with NotDelivered when there is none.

        Without a body it is a GET. `now` is wall time; a server may name a
        moment to wait for. Cancelling ends the connection.
        """
        return Deferred.fromCoroutine(self._post(body, headers, now))

    async def _post(self, body: bytes | None, headers: Mapping[str, str], now: float) -> Answer:
        why = ""
        for address in (await self._addresses())[:MAX_ADDRESSES]:
            try:
                return await self._posted_to(address, body, headers, now)
            except ConnectError as error:
                why = f"cannot connect to {self._url.host} ({address}): {_told(error)}"
        raise NotDelivered(why)

    async def _addresses(self) -> list[str]:
        """The addresses that may be sent to, in the order of the resolver."""
        host = self._url.host
        found = [host] if self._url.numeric else await self._resolved()
        if not found:
            raise NotDelivered(f"{host} has no address")
        if self._allow_private:
            return found
        allowed, why = [], ""
        for address in found:
            reason = refusal(address)
            if reason is None:
                allowed.append(address)
            else:
                why = f"{host} is {reason} ({address}): {self._remedy}"
        if not allowed:
            raise NotDelivered(f"blocked: {why}")
        return allowed

    def _resolved(self) -> Deferred[list[str]]:
        """Ask the resolver, one question at a time: its threads serve others, too.

        An attempt that is given up leaves its question behind, and the next one
        waits for the answer to that.
        """
        waiting: Deferred[list[str]] = Deferred()
        self._waiting.append(waiting)
        if len(self._waiting) == 1:
            resolver: Any = self._resolver or self._reactor.nameResolver
            resolver.resolveHostName(Found(self._url.host, self._answered), self._url.host)
        return waiting

    def _answered(self, found: list[str]) -> None:
        asked, self._waiting = self._waiting, []
        for waiting in asked:
            if not waiting.called:  # else it was cancelled
                waiting.callback(found)

    async def _posted_to(
        self, address: str, body: bytes | None, headers: Mapping[str, str], now: float
    ) -> Answer:
        url = self._url
        pinned = Pinned(self._reactor, url, address)
        agent: Any = Agent.usingEndpointFactory(  # type: ignore[no-untyped-call]
            self._reactor, pinned
        )
        sent = Headers({"User-Agent": [f"logmond/{__version__}"]})
        for name, value in headers.items():
            sent.setRawHeaders(name, [value])
        scheme = "https" if url.secure else "http"
        uri = f"{scheme}://{url.authority}{url.path}".encode("ascii")
        try:
            asked = (b"GET", uri, sent) if body is None else (b"POST", uri, sent, _Body(body))
            response = await agent.request(*asked)
            said = _Said()
            response.deliverBody(said)
            limit = self._reactor.callLater(BODY_S, said.enough)
            said.done.addBoth(lambda _: limit.active() and limit.cancel())
            await said.done
        except ConnectError:
            raise
        except Exception as error:  # many kinds, of the protocol and of TLS
            told = hidden(_told(error), self._secrets)[:_SHOWN]
            raise NotDelivered(f"{url.host} broke off: {told}") from error
        finally:
            pinned.abort()
        return Answer(
            response.code,
            self._shown(response.phrase),
            self._shown(said.body),
            _retry_after(response.headers, now),
        )

    def _shown(self, raw: bytes | bytearray) -> str:
        """The beginning of what a server said, fit to be shown."""
        text = hidden(decoded(bytes(raw[:_LOOKED_AT])), self._secrets)
        return visible(text[:_SHOWN].strip())


@implementer(IBodyProducer)
class _Body:
    """A body that is there already."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.length = len(body)

    def startProducing(self, consumer: Any) -> Deferred[None]:
        """Write it."""
        consumer.write(self._body)
        return succeed(None)

    def pauseProducing(self) -> None:
        """It is written."""

    def resumeProducing(self) -> None:
        """It is written."""

    def stopProducing(self) -> None:
        """It is written."""


class _Said(Protocol):
    """The beginning of an answer's body."""

    def __init__(self) -> None:
        self.body = bytearray()
        self.done: Deferred[None] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        """Keep what there is room for."""
        self.body += data[: MAX_BODY_BYTES - len(self.body)]
        if len(self.body) >= MAX_BODY_BYTES:
            self.enough()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """However it ended, the answer itself was there."""
        self.enough()

    def enough(self) -> None:
        """Wait for no more."""
        if not self.done.called:
            self.done.callback(None)


def _told(error: BaseException) -> str:
    """An error of the network in a few words; Twisted wraps the reason in lists."""
    reasons = getattr(error, "reasons", None)
    if reasons:
        return "; ".join(_told(reason.value) for reason in reasons)
    number = getattr(error, "osError", None)
    if isinstance(number, int):
        return os.strerror(number).lower()
    if type(error).__name__ == "VerificationError":  # of service_identity, which only TLS loads
        return "its certificate is for another name"
    if error.args and isinstance(error.args[0], list):  # OpenSSL's (library, function, reason)
        return "; ".join(str(one[-1]) for one in error.args[0] if one) or type(error).__name__
    return visible(" ".join(str(error).split()))[:_LOOKED_AT] or type(error).__name__


def _retry_after(headers: Headers, now: float) -> float | None:
    """Seconds the server asked to be left alone: a number, or a date (RFC 9110, 10.2.3)."""
    said = decoded((headers.getRawHeaders(b"retry-after") or [b""])[0]).strip()
    if said.isascii() and said.isdigit():
        return float(said[:9])
    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - now)
    except (ValueError, OverflowError):
        return None
