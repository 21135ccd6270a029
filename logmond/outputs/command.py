"""A program that gets every message as JSON on its standard input; no shell reads its arguments.

It runs in a session of its own, so that the deadline ends it with everything
it started. Exit status 0 has taken the message, every other is tried again
(75 is what sysexits.h calls a temporary failure, and told as such).
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

from logmond.outputs.hiding import hidden
from logmond.outputs.notifier import Message, NotDelivered
from logmond.outputs.payload import payload
from logmond.telemetry import decoded, visible

TEMPORARY = 75
"""EX_TEMPFAIL of sysexits.h."""

TAIL_BYTES = 2048
"""What is kept of the end of standard error."""

_SHOWN = 200
_READ_BYTES = 65_536
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Command:
    """The notifier `command`; `env` goes along with the few variables every run gets."""

    def __init__(
        self,
        reactor: Any,
        node: str,
        *,
        command: Sequence[str],
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._reactor = reactor
        self._node = node
        self._command = list(command)
        self._env = dict(env or {})
        self._running: set[_Run] = set()

    def send(self, message: Message) -> Deferred[None]:
        """Run it; cancelling kills it and all it started."""
        body = payload(message, self._node)
        try:
            environ = self._environ(message)
            run = _Run(self._reactor, self._command, environ, body, self._env.values())
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            return fail(NotDelivered(f"cannot run {self._command[0]}: {why}"))
        self._running.add(run)

        def over(result: Failure | None) -> Failure | None:
            self._running.discard(run)
            return result

        return run.done.addBoth(over)

    def close(self) -> Deferred[None]:
        """Kill what runs."""
        for run in tuple(self._running):
            run.done.cancel()
        return succeed(None)

    def _environ(self, message: Message) -> dict[str, str]:
        """A minimum, and what a short script wants to know without reading JSON."""
        first = message.events[0] if message.events else None
        return {
            "PATH": _PATH,
            "LANG": "C.UTF-8",
            "LOGMOND_ID": message.id,
            "LOGMOND_EVENT": message.kind,
            "LOGMOND_SEVERITY": message.severity,
            "LOGMOND_TITLE": message.title,
            "LOGMOND_NODE": self._node,
            "LOGMOND_RULE": first.rule if first else "",
            "LOGMOND_INCIDENT": first.short_id if first else "",
            "LOGMOND_GROUPS": str(len(message.events)),
            **self._env,
        }


class _Run:
    """One run of the program, watched by the reactor; `done` fires when it was taken.

    Twisted's own processes have no session of their own, and nothing else ends
    what a script leaves in the background.
    """

    def __init__(
        self,
        reactor: Any,
        command: Sequence[str],
        environ: Mapping[str, str],
        body: bytes,
        secrets: Collection[str],
    ) -> None:
        """Start it; `secrets` are not shown if it says them.

        Raises:
            OSError: it cannot be started.
        """
        self.done: Deferred[None] = Deferred(self._kill)
        self._name = command[0]
        self._secrets = [secret for secret in secrets if secret]
        self._tail = b""
        errors_read, errors_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        # In memory: a program that does not read its input blocks nobody.
        stdin = os.memfd_create("logmond-message", os.MFD_CLOEXEC)
        try:
            os.write(stdin, body)
            os.lseek(stdin, 0, os.SEEK_SET)
            os.set_blocking(errors_write, True)
            self._process = subprocess.Popen(
                command,
                stdin=stdin,
                stdout=subprocess.DEVNULL,
                stderr=errors_write,
                cwd="/",
                env=dict(environ),
                start_new_session=True,
            )
        except BaseException:
            os.close(errors_read)
            raise
        finally:
            os.close(stdin)
            os.close(errors_write)
        self._errors = _Watch(reactor, errors_read, self._said)
        self._exit = _Watch(reactor, os.pidfd_open(self._process.pid), self._exited)

    def _said(self) -> None:
        """Keep the end of what it writes."""
        while True:
            try:
                data = os.read(self._errors.descriptor, _READ_BYTES)
            except BlockingIOError:
                return
            if not data:
                self._errors.close()
                return
            self._tail = (self._tail + data)[-TAIL_BYTES:]
            if len(data) < _READ_BYTES:
                return  # more comes in another turn

    def _exited(self) -> None:
        """It has ended; what it left in the background may go on."""
        if not self._errors.closed:
            self._said()
        self._errors.close()
        self._exit.close()
        status = self._process.wait()
        if self.done.called:
            return
        if status == 0:
            self.done.callback(None)
        else:
            self.done.errback(NotDelivered(self._why(status)))

    def _why(self, status: int) -> str:
        if status < 0:
            why = f"was killed by {_signal(-status)}"
        elif status == TEMPORARY:
            why = f"failed for now (exit {status})"
        else:
            why = f"failed (exit {status})"
        lines = [line for line in decoded(self._tail).splitlines() if line.strip()]
        last = hidden(lines[-1].strip(), self._secrets) if lines else ""
        said = visible(last)[:_SHOWN]
        return f"{self._name} {why}" + (f": {said}" if said else "")

    def _kill(self, _: Deferred[None]) -> None:
        """End the whole session; it is waited for by the watch of its exit."""
        self._errors.close()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)


def _signal(number: int) -> str:
    """Its name; of the real-time ones (signal(7)) only the first and the last have one."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


@implementer(IReadDescriptor)
class _Watch:
    """Calls back whenever a descriptor, which it owns, can be read."""

    def __init__(self, reactor: Any, descriptor: int, ready: Callable[[], None]) -> None:
        self.descriptor = descriptor
        self.closed = False
        self._reactor = reactor
        self._ready = ready
        reactor.addReader(self)

    def fileno(self) -> int:
        """The descriptor, -1 once it is closed."""
        return -1 if self.closed else self.descriptor

    def logPrefix(self) -> str:
        """For Twisted's messages."""
        return "command"

    def doRead(self) -> None:
        """It can be read."""
        self._ready()

    def connectionLost(self, reason: object) -> None:
        """The reactor gave it up."""
        self.close()

    def close(self) -> None:
        """Watch no more."""
        if not self.closed:
            self._reactor.removeReader(self)
            self.closed = True
            os.close(self.descriptor)
