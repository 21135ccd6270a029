"""One admin command for scripts: connect, show the token, ask, print the reply, say how it went.

Plain blocking sockets with a deadline on every step: this runs in a process of
its own, without a reactor. docs/admin-protocol.md is what it speaks.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import TextIO

import msgspec

from logmond.interfaces.admin.verbs.daemon import REFUSED, REFUSED_TEXT

TIMEOUT_S = 10.0
"""Seconds the daemon gets for each step."""

OK, FAILED, UNUSABLE = 0, 1, 2
"""Exit codes: answered; ``ERR``, or no daemon; wrong usage, or reload of a broken configuration."""


class _Unprinted(Exception):
    """What is printed goes nowhere, as its cause says; the daemon is as well as ever."""


class Client:
    """One connection to an admin port. Every method may raise OSError."""

    def __init__(self, host: str, port: int, timeout_s: float = TIMEOUT_S) -> None:
        self._socket = _connected(host, port, timeout_s)
        self._input = self._socket.makefile("rb")
        try:
            self.greeting = self.reply()
        except OSError:
            self.close()
            raise

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def ask(self, command: str) -> list[str]:
        """Send a command; return the lines of its reply."""
        self.send(command)
        return self.reply()

    def send(self, command: str) -> None:
        """Send a command."""
        self._socket.sendall(command.encode("utf-8", "surrogateescape") + b"\n")

    def reply(self) -> list[str]:
        """The lines up to the empty one that ends a reply."""
        return list(self.lines())

    def lines(self, *, patient: bool = False) -> Iterator[str]:
        """The lines of a reply as they come; `patient` waits for each without a deadline."""
        if patient:
            self._socket.settimeout(None)
        while raw := self._input.readline():
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            if not line:
                return
            yield line
        raise ConnectionError("the connection was closed in the middle of a reply")

    def close(self) -> None:
        """Close the connection."""
        self._input.close()
        self._socket.close()


def _connected(host: str, port: int, timeout_s: float) -> socket.socket:
    """A connection; ``localhost`` means what it means to the daemon, with no resolver asked.

    A minimal system, or a container, may lack the line in /etc/hosts.
    """
    if host != "localhost":
        return socket.create_connection((host, port), timeout_s)
    try:
        return socket.create_connection(("127.0.0.1", port), timeout_s)
    except OSError as refused:
        try:
            return socket.create_connection(("::1", port), timeout_s)
        except OSError:
            raise refused from None


def ctl(
    words: Sequence[str],
    address: tuple[str, int],
    out: TextIO,
    err: TextIO,
    *,
    token: str | None = None,
    json: bool = False,
    timeout_s: float = TIMEOUT_S,
) -> int:
    """Run one command against a daemon and return the exit code.

    The reply goes to `out`. An error goes to `err`, but with `json` to `out`,
    where the program that reads JSON will look for it.

    Raises:
        BrokenPipeError: whoever reads `out` or `err` has left, as ``head`` does.
    """
    command = " ".join(words).strip()
    if not command or "\n" in command or "\r" in command:
        print("logmond ctl: one command is needed, for example: logmond ctl status", file=err)
        return UNUSABLE
    host, port = address
    try:
        with Client(host, port, timeout_s) as client:
            problem = _said_no(client.greeting, json=False)
            if problem is None and token is not None:
                problem = _said_no(client.ask(f"auth {token}"), json=False)
            if problem is not None:
                print(f"logmond ctl: {problem}", file=err)
                return FAILED
            return _ask(client, f"json {command}" if json else command, out, err, json=json)
    except _Unprinted as unprinted:
        if isinstance(unprinted.__cause__, BrokenPipeError):
            raise unprinted.__cause__ from None
        print(f"logmond ctl: the reply cannot be written: {unprinted}", file=err)
        return FAILED
    except OSError as trouble:
        late = isinstance(trouble, TimeoutError)
        why = "no answer in time" if late else trouble.strerror or str(trouble)
        print(f"logmond ctl: {host}:{port}: {why}; is the daemon running?", file=err)
        return FAILED


def _ask(client: Client, command: str, out: TextIO, err: TextIO, *, json: bool) -> int:
    words = command.lower().split()
    words = words[1:] if words[:1] == ["json"] else words
    watching = words[:1] == ["watch"]
    # An output has its own deadline, and may be busy with another message before.
    patient = watching or words[:1] == ["test-output"]
    client.send(command)
    first: str | None = None
    failed = False
    for line in client.lines(patient=patient):
        if first is None:
            first, failed = line, _said_no([line], json=json) is not None
        try:
            print(line, file=err if failed and not json else out, flush=watching)
        except OSError as trouble:
            raise _Unprinted(trouble.strerror or str(trouble)) from trouble
    if first is None or not failed:
        return OK
    return UNUSABLE if _configuration_refused(first, json=json) else FAILED


def _said_no(reply: Sequence[str], *, json: bool) -> str | None:
    """The reason of an error, or None for any other reply."""
    first = reply[0] if reply else ""
    if json:
        return first if first.startswith('{"error":') else None
    return first.removeprefix("ERR ") if first.startswith("ERR ") else None


def _configuration_refused(line: str, *, json: bool) -> bool:
    """Whether the error is that of a reload which left the old configuration running."""
    if json:
        return bool(msgspec.json.decode(line)["error"]["code"] == REFUSED)
    return line.startswith(f"ERR {REFUSED_TEXT}")
