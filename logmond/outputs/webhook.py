"""A web server that gets every message as a JSON object, signed when there is a secret.

What it answers decides: 2xx has taken the message. What is wrong with this
message (400, 413, 422 and their like) is refused for good; what may be mended
at the other end, a lost token included, is tried again.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from hashlib import sha256
from time import time as wall_time
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IHostnameResolver

from logmond.outputs.hiding import parts
from logmond.outputs.notifier import Message, NotDelivered
from logmond.outputs.payload import payload
from logmond.outputs.posting import Answer, Poster
from logmond.outputs.weburl import parse

MENDABLE = frozenset((401, 403, 404, 405, 407, 408, 421, 423, 425, 429))
"""Answers of 4xx that speak of the server or the account, not of the message."""


class Webhook:
    """The notifier `webhook`.

    Args:
        secret: what messages are signed with.
        headers: more of them; they replace those of logmond.
        allow_private: the URL may lead to this machine or its network.
        wall: epoch seconds.
    """

    def __init__(
        self,
        reactor: Any,
        node: str,
        *,
        url: str,
        secret: str | None = None,
        headers: Mapping[str, str] | None = None,
        allow_private: bool = False,
        wall: Callable[[], float] = wall_time,
        resolver: IHostnameResolver | None = None,
    ) -> None:
        self._node = node
        self._secret = secret
        self._headers = dict(headers or {})
        self._wall = wall
        address = parse(url)
        self._poster = Poster(
            reactor,
            address,
            allow_private=allow_private,
            resolver=resolver,
            remedy="name it in allow, or set allow_private",
            secrets=parts(address.path, *self._headers.values()) | {*filter(None, [secret])},
        )

    def send(self, message: Message) -> Deferred[None]:
        """Post it; cancelling ends the connection."""
        now = self._wall()
        body = payload(message, self._node)
        headers = {"Content-Type": "application/json", "X-Logmond-Id": message.id}
        if self._secret is not None:
            headers["X-Logmond-Signature"] = signature(self._secret, int(now), body)
        return self._poster.post(body, headers | self._headers, now).addCallback(judge)

    def close(self) -> Deferred[None]:
        """No connection outlives its message."""
        return succeed(None)


def signature(secret: str, second: int, body: bytes) -> str:
    """``t=SECOND,v1=HEX``: the HMAC-SHA256 of ``SECOND.BODY``.

    Who checks it should also refuse a second that is minutes old: somebody may
    send a copy again.
    """
    digest = hmac.new(secret.encode(), f"{second}.".encode() + body, sha256).hexdigest()
    return f"t={second},v1={digest}"


def judge(answer: Answer) -> None:
    """Return when an answer says that the message was taken.

    Raises:
        NotDelivered: it says anything else.
    """
    status = answer.status
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        raise NotDelivered(f"{answer.status} redirects, which is not followed; correct the URL")
    permanent = 400 <= status < 500 and status not in MENDABLE
    raise NotDelivered(answer.text, permanent=permanent, retry_after_s=answer.retry_after_s)
