"""What those who are told have heard: a mailbox, somebody in an IRC channel, an Alertmanager."""

from __future__ import annotations

import email
import email.policy
import socket
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import msgspec
from patience import until
from processes import Process


class Mailbox:
    """A running mail server and all that it took, whomever it was for."""

    def __init__(self, process: Process, folder: Path, port: int) -> None:
        self.process = process
        self.port = port
        self._box = folder / "box" / "new"

    def messages(self) -> list[EmailMessage]:
        """What has arrived, oldest first."""
        found = sorted(self._box.glob("*"), key=lambda file: file.stat().st_mtime_ns)
        return [self._read(file) for file in found]

    def _read(self, file: Path) -> EmailMessage:
        made: Any = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        return made  # type: ignore[no-any-return]


class Listener:
    """Somebody in a channel of an IRC server, who hears what is said there."""

    def __init__(self, port: int, channel: str, nick: str = "ann") -> None:
        self.heard: list[str] = []
        self._rest = b""
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._say(f"NICK {nick}", f"USER {nick} 0 * :a person")
        self._wait(" 001 ")
        self._say(f"JOIN {channel}")
        self._wait(" 366 ")

    def listen(self) -> list[str]:
        """Every line so far, as the server passed it on."""
        self._socket.setblocking(False)
        try:
            while data := self._socket.recv(65536):
                self._rest += data
        except BlockingIOError:
            pass
        finally:
            self._socket.setblocking(True)
        *lines, self._rest = self._rest.split(b"\r\n")
        for line in map(bytes.decode, lines):
            if line.startswith("PING"):
                self._say("PONG" + line[4:])
            self.heard.append(line)
        return self.heard

    def said(self, text: str) -> list[str]:
        """The messages in which somebody said a text."""
        return [line for line in self.listen() if " PRIVMSG " in line and text in line]

    def _wait(self, part: str) -> None:
        until(10, lambda: any(part in line for line in self.listen()), lambda: self.heard)

    def _say(self, *lines: str) -> None:
        self._socket.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def say(self, *lines: str) -> None:
        """Send commands."""
        self._say(*lines)

    def close(self) -> None:
        """Leave."""
        self._socket.close()


class Alertmanager:
    """A running Alertmanager, asked over its own interface."""

    def __init__(self, process: Process, port: int) -> None:
        self.process = process
        self.port = port

    def ready(self) -> bool:
        """Whether it answers."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def alerts(self) -> list[dict[str, Any]]:
        """What it holds to be active; what has ended is not in it."""
        with urlopen(f"http://127.0.0.1:{self.port}/api/v2/alerts", timeout=5) as answer:
            return list(msgspec.json.decode(answer.read()))

    def groups(self) -> list[dict[str, Any]]:
        """The same by its route's groups."""
        with urlopen(f"http://127.0.0.1:{self.port}/api/v2/alerts/groups", timeout=5) as answer:
            return list(msgspec.json.decode(answer.read()))


def labels(alertmanager: Alertmanager, rule: str) -> list[dict[str, str]]:
    """What an Alertmanager holds of a rule."""
    alerts = [alert["labels"] for alert in alertmanager.alerts()]
    return [found for found in alerts if found["alertname"] == rule]
