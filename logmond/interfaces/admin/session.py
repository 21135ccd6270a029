"""One client's conversation: a command line in, a reply out. No sockets, no clock.

It knows whether the client has shown the token, and which commands concern the
connection. What is refused here was not run at all.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from logmond.alerts import render, wording
from logmond.alerts.event import Event
from logmond.errors import LogmondError, QueryError
from logmond.interfaces.admin import commands
from logmond.interfaces.admin.answer import Answer, as_json, as_text, error, line_of
from logmond.interfaces.admin.command import Asked, Command, misused
from logmond.interfaces.admin.lines import MAX_LINE_BYTES, TLS_BEGINS, TooLong
from logmond.interfaces.surface import Surface
from logmond.telemetry import decoded

HTTP_METHODS = frozenset(
    (
        b"GET",
        b"HEAD",
        b"POST",
        b"PUT",
        b"DELETE",
        b"CONNECT",
        b"OPTIONS",
        b"TRACE",
        b"PATCH",
        b"PRI",
    )
)
"""First words of a browser's request (RFC 9110, and HTTP/2's preface)."""

MAX_WRONG_TOKENS = 3


class Then(Enum):
    """What happens after a reply."""

    NEXT = "the next command"
    CLOSE = "the connection is closed"
    DROP = "the connection is closed and nothing that was sent is run"
    WATCH = "event lines"
    WATCH_JSON = "event objects"


@dataclass(frozen=True, slots=True)
class Reply:
    """What to write, piece by piece, and what happens then."""

    chunks: Iterator[bytes]
    then: Then = Then.NEXT


def event_line(event: Event, then: Then) -> bytes:
    """An event as a watching client gets it."""
    if then is Then.WATCH_JSON:
        return render.encoded(event) + b"\n"
    return line_of(render.line(event))


class Session:
    """The conversation with one client; `token` is None where none is set."""

    _log = Logger()

    def __init__(self, surface: Surface, token: str | None, peer: str) -> None:
        self._surface = surface
        self._token = token
        self._peer = peer
        self._shown = token is None
        self._wrong = 0

    def greeting(self) -> Reply:
        """What a client reads first."""
        status = self._surface.status()
        told = f'logmond {status.version} on {status.node}. Type "help" for the commands.'
        return Reply(as_text(Answer(None, [told])))

    def ask(self, line: bytes | TooLong) -> Reply | Deferred[Reply] | None:
        """Answer one line; None for an empty one, which has no reply."""
        first, rest = _split(line.start if isinstance(line, TooLong) else line)
        # A page in a browser can make it send HTTP here, commands in the body; or TLS, where the
        # commands stand in the session that its own server, of the same name, had it keep.
        if first.upper() in HTTP_METHODS or first.startswith(TLS_BEGINS):
            return Reply(iter(()), Then.DROP)
        if isinstance(line, TooLong):
            told = f"line too long, {MAX_LINE_BYTES} bytes at most"
            return self._failed(QueryError("line_too_long", told), json=False)
        if not first:
            return None
        json = first.lower() == b"json"
        if json:
            first, rest = _split(rest)
        try:
            return self._run(decoded(first), rest, json=json)
        except LogmondError as problem:
            return self._failed(problem, json=json)
        except Exception:  # a fault of ours in one command: it must not end the others
            return self._broken(None, first, json=json)

    def _run(self, name: str, rest: bytes, *, json: bool) -> Reply | Deferred[Reply]:
        if not name:
            raise misused(commands.JSON.usage, "which command?")
        command = commands.find(name)
        words = tuple(decoded(rest).split())
        if command.run is None:
            return self._concerning_connection(command, words, json=json)
        if command.writes(words) and not self._shown:
            raise QueryError("token_needed", f"{command.name} needs the token: auth TOKEN first")
        found = command.run(Asked(self._surface, words, rest, self._peer))
        if isinstance(found, Answer):
            return _reply(found, json=json)
        return found.addCallbacks(
            lambda answer: _reply(answer, json=json),
            lambda failure: (
                self._failed(failure.value, json=json)
                if isinstance(failure.value, LogmondError)
                else self._broken(failure, name.encode(), json=json)
            ),
        )

    def _concerning_connection(
        self, command: Command, words: tuple[str, ...], *, json: bool
    ) -> Reply:
        if command is commands.AUTH:
            return self._auth(words, json=json)
        if words or command is commands.JSON:
            raise command.wrong()
        if command is commands.QUIT:
            return Reply(_reply(Answer({"closing": True}, ["bye"]), json=json).chunks, Then.CLOSE)
        then = Then.WATCH_JSON if json else Then.WATCH
        return Reply(self._open_incidents(then), then)

    def _open_incidents(self, then: Then) -> Iterator[bytes]:
        """What is wrong when somebody begins to watch, as updates."""
        found = list(self._surface.alerts.incidents())
        if not found and then is Then.WATCH:
            yield line_of("no open incidents; events follow, Enter ends")
        for incident in found:
            event = incident.as_event("update", message=wording.update(incident))
            yield event_line(event, then)

    def _auth(self, words: tuple[str, ...], *, json: bool) -> Reply:
        if len(words) != 1:
            raise commands.AUTH.wrong()
        if self._token is None:
            return _reply(Answer({"authenticated": True}, ["ok: no token is set"]), json=json)
        # Bytes of any length: compare_digest takes as long for a near miss.
        if hmac.compare_digest(words[0].encode(), self._token.encode()):
            self._shown = True
            return _reply(Answer({"authenticated": True}, ["ok"]), json=json)
        self._wrong += 1
        self._log.warn("wrong admin token from {peer}", peer=self._peer)
        reply = self._failed(QueryError("wrong_token", "wrong token"), json=json)
        return Reply(reply.chunks, Then.CLOSE if self._wrong >= MAX_WRONG_TOKENS else Then.NEXT)

    def _failed(self, problem: LogmondError, *, json: bool) -> Reply:
        if not isinstance(problem, QueryError):
            problem = QueryError("failed", str(problem))
        return _reply(error(problem), json=json)

    def _broken(self, failure: Failure | None, name: bytes, *, json: bool) -> Reply:
        """A fault of ours: loud in the log, said to the client, the connection goes on."""
        self._log.failure("the admin command {name} failed", failure, name=decoded(name))
        return self._failed(QueryError("internal", "a fault of logmond; see its log"), json=json)


def _reply(answer: Answer, *, json: bool) -> Reply:
    return Reply(as_json(answer) if json else as_text(answer))


def _split(line: bytes) -> tuple[bytes, bytes]:
    """The first word, and what follows the space behind it."""
    first, *rest = line.strip().split(None, 1) or [b""]
    return first, rest[0] if rest else b""
