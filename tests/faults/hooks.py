"""A web server that is told of alerts: it records what arrives, and may be slow, broken or away."""

from __future__ import annotations

import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from time import monotonic
from typing import Any

import msgspec

Answer = tuple[int, float]
"""A status, and the seconds until it is given; status 0 is never given."""


class Hook:
    """One at a port of its own; `answer` says what becomes of the n-th request.

    `received` holds every message that arrived whole, in order, `at` its time.
    """

    def __init__(self, answer: Callable[[int], Answer] = lambda _: (200, 0.0)) -> None:
        self.received: list[dict[str, Any]] = []
        self.answer = answer
        self._closing = Event()
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                """Record, then answer."""
                body = self.rfile.read(int(self.headers["Content-Length"]))
                message = msgspec.json.decode(body)
                assert self.headers["X-Logmond-Id"] == message["id"]
                number = len(hook.received)
                hook.received.append({**message, "at": monotonic(), "wall": time.time()})
                status, pause_s = hook.answer(number)
                hook._closing.wait(pause_s if status else 600)
                if status and not hook._closing.is_set():
                    self.send_response(status)
                    self.send_header("Content-Length", "0")
                    self.end_headers()

            def handle_one_request(self) -> None:
                """A daemon that was killed breaks off."""
                try:
                    super().handle_one_request()
                except OSError:
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> Hook:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where to post."""
        return f"http://127.0.0.1:{self._server.server_port}/hook"

    def output(self, name: str = "hook", **more: Any) -> dict[str, Any]:
        """Its output in a configuration."""
        return {"name": name, "type": "webhook", "url": self.url, "allow_private": True, **more}

    def incidents(self, kind: str) -> list[str]:
        """The ids of incidents told by messages of a kind, a copy for each copy of one."""
        return [e["id"] for m in self.received if m["kind"] == kind for e in m["events"]]
