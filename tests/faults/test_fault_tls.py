"""Clients that must not come in over TLS, as openssl's own client makes them."""

from __future__ import annotations

import signal
import socket
import ssl
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from certificates import Authority
from daemon import Daemon
from numbered import line
from patience import until
from processes import free_port
from programs import program

Start = Callable[..., Daemon]

_LIMIT_S = 20


class Fortress:
    """A daemon that asks every client for a certificate of its authority."""

    def __init__(self, start: Start, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority(folder)
        certificate, key = self.authority.issue("server")
        self.port = free_port()
        tls = {
            "certificate": str(certificate),
            "key": str(key),
            "client_ca": str(self.authority.path),
        }
        listen = f"tls://localhost:{self.port}"
        self.daemon = start({"sources": [{"name": "web", "listen": listen, "tls": tls}]})

    def knock(self, *arguments: str | Path) -> int:
        """Send a line by ``openssl s_client``; its exit status."""
        openssl = program("openssl")
        assert openssl is not None
        command = [openssl, "s_client", "-quiet", "-connect", f"127.0.0.1:{self.port}"]
        command += ["-CAfile", str(self.authority.path), *map(str, arguments)]
        done = subprocess.run(
            command, input=line(1) + b"\n", capture_output=True, timeout=_LIMIT_S, check=False
        )
        return done.returncode

    def told(self, text: str) -> None:
        """Wait until `sources` says it."""

        def said() -> str:
            return "\n".join(self.daemon.ask("sources web"))

        until(_LIMIT_S, lambda: text in said(), said)

    def enter(self, name: str = "client") -> ssl.SSLSocket:
        """A client with a good certificate."""
        context = ssl.create_default_context(cafile=str(self.authority.path))
        context.load_cert_chain(*self.authority.issue(name))
        peer = socket.create_connection(("127.0.0.1", self.port), timeout=_LIMIT_S)
        return context.wrap_socket(peer, server_hostname="localhost")

    def counts(self, lines: int) -> None:
        """Wait until so many lines are counted; nothing else was received."""
        until(_LIMIT_S, lambda: self.daemon.source("web")["counted"] >= lines)
        assert self.daemon.source("web")["received"] == lines


@pytest.fixture
def fortress(daemon_of: Start, tmp_path: Path) -> Fortress:
    """A daemon of this test."""
    return Fortress(daemon_of, tmp_path)


@pytest.mark.peer("openssl")
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_bad_certificates_are_refused_and_named(fortress: Fortress, version: str) -> None:
    """None, an expired one, one of another authority; a good one comes in all the while."""
    cases: dict[str, list[str | Path]] = {"client shows no certificate": []}
    certificate, key = fortress.authority.issue("old", expired=True)
    cases["client certificate has expired"] = ["-cert", certificate, "-key", key]
    certificate, key = Authority(fortress.folder, "elsewhere").issue("alien")
    cases["client certificate is not signed by client_ca"] = ["-cert", certificate, "-key", key]
    for number, (reason, arguments) in enumerate(cases.items()):
        assert fortress.knock(version, *arguments) != 0
        fortress.told(f"{reason} (1)")
        certificate, key = fortress.authority.issue("good")
        assert fortress.knock(version, "-no_ign_eof", "-cert", certificate, "-key", key) == 0
        fortress.counts(number + 1)
    assert fortress.daemon.source("web")["state"] in ("ok", "degraded")


def test_stalled_handshakes_are_closed_while_others_are_served(fortress: Fortress) -> None:
    """One says nothing, one half of a greeting."""
    silent, halting = (
        socket.create_connection(("127.0.0.1", fortress.port), timeout=_LIMIT_S) for _ in range(2)
    )
    with silent, halting:
        halting.sendall(b"\x16\x03\x01\x02\x00\x01")
        with fortress.enter() as peer:
            peer.sendall(line(1) + b"\n")
            fortress.counts(1)
            for stalled in (silent, halting):
                with suppress(ConnectionResetError):
                    assert stalled.recv(1) == b""
            fortress.told("not finished within 10 s (2)")
            assert fortress.daemon.json("status")["state"] == "ok"


@pytest.mark.parametrize("renewed_by", ["SIGHUP", "ctl reload"])
def test_a_renewed_certificate_is_taken_and_drops_nobody(
    fortress: Fortress, renewed_by: str
) -> None:
    """The connection from before goes on; the next one sees the new certificate."""
    with fortress.enter() as before:
        fortress.authority.issue("server")
        if renewed_by == "SIGHUP":
            fortress.daemon.process.send(signal.SIGHUP)
        else:
            assert "new certificate, valid until" in "\n".join(fortress.daemon.ask("reload"))

        def shown() -> bytes | None:
            with fortress.enter() as after:
                return after.getpeercert(binary_form=True)

        until(_LIMIT_S, lambda: shown() != before.getpeercert(binary_form=True))
        before.sendall(line(1) + b"\n")
        fortress.counts(1)


def test_a_renewed_certificate_that_cannot_be_used_fails_the_reload(fortress: Fortress) -> None:
    """The old one goes on; whoever renewed it is told, and by an exit code too."""
    _, key = fortress.authority.issue("server")
    good = key.read_bytes()
    key.write_bytes(b"nonsense")
    reply = fortress.daemon.ask("reload")
    assert reply[0] == "ERR reloaded, but not all of it could be put to use:"
    assert "the old certificate stays: key" in reply[1]
    error = fortress.daemon.json("reload")["error"]
    assert error["code"] == "reloaded_in_part"
    key.write_bytes(good)
    assert fortress.daemon.ask("reload")[0] == "reloaded"
