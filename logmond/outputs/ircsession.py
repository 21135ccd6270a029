"""One connection to an IRC server: registered, in its channel, and sure that lines were taken.

IRC acknowledges nothing. What it does is answer in order: a PING that follows
the lines is answered after any complaint about them, so a PONG without a
complaint before it means that the server took them all. The clock is an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import connectionDone
from twisted.internet.task import deferLater
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure

from logmond.outputs.ircwire import Line, parsed, sasl_plain
from logmond.outputs.notifier import NotDelivered
from logmond.telemetry import visible

_PENALTY_S = 2.0
_AHEAD_S = 10.0
# RFC 1459, section 8.10: a message costs 2 s, and a client may be 10 s ahead.

_NICKS = 4
"""Names tried before the server's objection counts."""

_AT_REGISTRATION = frozenset(("421", "432", "433", "436", "437", "461", "464", "465"))
_AT_SASL = frozenset(("902", "904", "905", "906", "908"))
_ABOUT_A_CHANNEL = frozenset(map(str, (401, 403, 404, 405, 407, 411, 412, 442, 531)))
_JOINING = frozenset(map(str, (471, 473, 474, 475, 476, 477, 489))) | _ABOUT_A_CHANNEL
# None of them lasts: a password is corrected, a ban is lifted, a channel is opened.


class IrcSession(LineOnlyReceiver):
    """The protocol. Steps are taken one at a time, by the notifier.

    Attributes:
        lost: fires, with None, when the connection is gone.
        channels: channels we are in, in lower case.
        idle_since: when a line of ours was last known to be taken, by the clock.
    """

    transport: Any  # a TCP or TLS connection
    delimiter = b"\n"
    MAX_LENGTH = 16384

    def __init__(self, clock: Any, nick: str, password: str | None, account: str | None) -> None:
        """With an account the password is its own (SASL), else the server's (PASS)."""
        self._clock = clock
        self._nick = nick
        self._password = password
        self._account = account
        self._renamed = 0
        self._registered = False
        self._step: _Step | None = None
        self._paid_until = 0.0
        self._pings = 0
        self.lost: Deferred[None] = Deferred()
        self.alive = True
        self.channels: set[str] = set()
        self.idle_since = 0.0

    async def register(self, real_name: str) -> None:
        """Say who we are; returns when the server has welcomed us."""
        if self._account is not None:
            self._say("CAP REQ :sasl")
        elif self._password is not None:
            self._say(f"PASS :{self._password}")
        self._say(f"NICK {self._nick}")
        self._say(f"USER {self._nick} 0 * :{real_name}")
        if self._account is not None:
            await self._authenticate(self._account, self._password or "")
        await self._until("not welcomed", lambda line: line.command == "001", _AT_REGISTRATION)
        self._registered = True
        self.idle_since = self._clock.seconds()

    async def _authenticate(self, account: str, password: str) -> None:
        answer = await self._until(
            "no answer about SASL",
            lambda line: line.command == "CAP" and line.params[1:2] in (("ACK",), ("NAK",)),
            _AT_REGISTRATION,
        )
        if answer.params[1] == "NAK":
            raise NotDelivered("the server knows no SASL; leave account out")
        self._say("AUTHENTICATE PLAIN")
        await self._until(
            "no answer about SASL", lambda line: line.command == "AUTHENTICATE", _AT_SASL
        )
        for piece in sasl_plain(account, password):
            self._say(f"AUTHENTICATE {piece}")
        await self._until("not logged in", lambda line: line.command == "903", _AT_SASL)
        self._say("CAP END")

    async def join(self, channel: str, key: str | None) -> None:
        """Enter a channel, unless we are in it."""
        if channel.lower() in self.channels:
            return
        self._say(f"JOIN {channel} {key}" if key else f"JOIN {channel}")
        await self._until(
            f"not let into {channel}",
            lambda line: line.command == "JOIN" and line.nick == self._nick,
            _JOINING,
        )
        self.channels.add(channel.lower())

    async def tell(self, target: str, lines: list[str]) -> None:
        """Send lines; returns when the server has taken all, no faster than it lets us."""
        for line in lines:
            await self._pay()
            self._say(f"PRIVMSG {target} :{line}")
        await self.proof(_ABOUT_A_CHANNEL, f"{target} did not take it")

    async def proof(self, refusals: Set[str], what: str = "no answer") -> None:
        """Returns when the server has read all we sent."""
        self._pings += 1
        token = f"logmond-{self._pings}"
        self._say(f"PING :{token}")
        await self._until(
            what, lambda line: line.command == "PONG" and line.last == token, refusals
        )
        self.idle_since = self._clock.seconds()

    def quit(self) -> None:
        """Take leave; `lost` fires soon."""
        if self.alive:
            self._say("QUIT :logmond stops")
            self.transport.loseConnection()

    def abort(self) -> None:
        """Let go at once."""
        if self.alive:
            self.transport.abortConnection()

    def connectionMade(self) -> None:
        """Connected."""
        self.transport.setTcpKeepAlive(True)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """What was waited for will not come."""
        self.alive = False
        self._fail(NotDelivered(f"the connection was lost: {reason.getErrorMessage()}"))
        self.lost.callback(None)

    def lineReceived(self, line: bytes) -> None:
        """Answer PING, see whether it is what we wait for; the talk of others goes by."""
        found = parsed(line)
        if found is None:
            return
        if found.command == "PING":
            self._say(f"PONG :{found.last}")
        elif found.command == "ERROR":
            self._fail(NotDelivered(f"the server ends it: {visible(found.last)}"))
            self.abort()
        elif found.command in ("433", "436") and self._renames():
            self._say(f"NICK {self._nick}")
        else:
            self._notice(found)
            if self._step is not None:
                self._step.see(found)

    def _notice(self, line: Line) -> None:
        """Keep up with what becomes of our name and place."""
        if line.command == "001" and line.params:
            self._nick = line.params[0]
        elif line.command == "NICK" and line.nick == self._nick:
            self._nick = line.last
        elif (line.command == "KICK" and line.params[1:2] == (self._nick,)) or (
            line.command == "PART" and line.nick == self._nick
        ):
            self.channels.discard(line.params[0].lower() if line.params else "")
        elif line.command in ("404", "442") and len(line.params) > 1:
            self.channels.discard(line.params[1].lower())

    def _renames(self) -> bool:
        if self._registered or self._renamed == _NICKS - 1:
            return False
        self._renamed += 1
        self._nick += "_"
        return True

    async def _pay(self) -> None:
        now = self._clock.seconds()
        self._paid_until = max(self._paid_until, now) + _PENALTY_S
        wait = self._paid_until - now - _AHEAD_S
        if wait > 0:
            await deferLater(self._clock, wait)

    def _until(self, what: str, done: Callable[[Line], bool], refusals: Set[str]) -> Deferred[Line]:
        """The line that ends this step; fails with NotDelivered at a refusal or a lost line."""
        self._step = _Step(what, done, refusals)
        if not self.alive:
            self._fail(NotDelivered("the connection was lost"))
        return self._step.ended

    def _fail(self, error: NotDelivered) -> None:
        if self._step is not None:
            self._step.fail(error)

    def _say(self, text: str) -> None:
        # A line break would be a command of its own, whoever wrote it.
        line = text.replace("\r", " ").replace("\n", " ").replace("\0", " ")
        self.transport.write(line.encode() + b"\r\n")


class _Step:
    """Something we wait for: one line ends it, some codes refuse it."""

    def __init__(self, what: str, done: Callable[[Line], bool], refusals: Set[str]) -> None:
        self._what = what
        self._done = done
        self._refusals = refusals
        self._over = False
        self.ended: Deferred[Line] = Deferred(self._given_up)

    def see(self, line: Line) -> None:
        """A line came."""
        if self._over:
            return
        if self._done(line):
            self._over = True
            self.ended.callback(line)
        elif line.command in self._refusals:
            reason = f"{self._what}: {visible(line.last)} ({line.command})"
            self.fail(NotDelivered(reason))

    def fail(self, error: NotDelivered) -> None:
        """It will not end well."""
        if not self._over:
            self._over = True
            self.ended.errback(error)

    def _given_up(self, _: Deferred[Line]) -> None:
        self._over = True
