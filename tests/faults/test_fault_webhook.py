"""A webhook reaches nobody but whom it names: no metadata service, no neighbour, no other host."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from certificates import Authority
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet import reactor
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IHostnameResolver
from twisted.internet.ssl import DefaultOpenSSLContextFactory
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site
from zope.interface import implementer

from logmond.outputs import posting
from logmond.outputs.guard import refusal
from logmond.outputs.notifier import NotDelivered
from logmond.outputs.telling import test_message as marked_test
from logmond.outputs.webhook import Webhook, signature

SECRET = "a shared secret"
MESSAGE = marked_test("hook", "web1", "hello", 1_790_000_000, 1)

# fmt: off
BLOCKED = [
    "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "198.18.0.1", "::1", "::",
    "fe80::1", "fd00:ec2::254", "fec0::1", "ff02::1", "::ffff:127.0.0.1",
    "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::10.0.0.1",
    "2002:7f00:1::", "2001:0:a9fe:a9fe::1", "::ffff:0:127.0.0.1", "64:ff9b:1:7f00:0:100::",
    "192.0.0.192", "168.63.129.16", "3fff::1", "5f00::1",
]
# fmt: on


class Server(Resource):
    """Answers by path, and remembers what was asked of it."""

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, dict[bytes, bytes], bytes]] = []

    def render_POST(self, request: Any) -> Any:
        """Remember, and answer."""
        path = request.path.decode()
        self.asked.append((path, request.getAllHeaders(), request.content.read()))
        if path == "/redirect":
            request.redirect(b"http://127.0.0.1:%d/inside" % request.getHost().port)
        elif path == "/endless":
            request.write(b"x" * 100_000)
            return NOT_DONE_YET
        elif path == "/hang":
            return NOT_DONE_YET
        elif path[1:].isdigit():
            request.setResponseCode(int(path[1:]))
            request.setHeader("Retry-After", "7")
            return b"not \x1b[2J now"
        return b""

    @property
    def paths(self) -> list[str]:
        """Where it was asked."""
        return [path for path, _, _ in self.asked]


@pytest.fixture
def server() -> Iterator[tuple[Server, int]]:
    """A web server on this machine, and its port."""
    root = Server()
    port = reactor.listenTCP(0, Site(root), interface="127.0.0.1")
    yield root, port.getHost().port
    pytest_twisted.blockon(port.stopListening())


@implementer(IHostnameResolver)
class Names:
    """A resolver that whoever owns a name controls: each answer is the next of `answers`."""

    def __init__(self, *answers: list[str]) -> None:
        self.asked = 0
        self._answers = list(answers)

    def resolveHostName(self, receiver: Any, name: str, port: int = 0, *_: Any, **__: Any) -> Any:
        """Tell the addresses of now."""
        self.asked += 1
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        receiver.resolutionBegan(receiver)
        for text in answer:
            kind = IPv6Address if ":" in text else IPv4Address
            receiver.addressResolved(kind("TCP", text, port))
        receiver.resolutionComplete()
        return receiver


def sent(url: str, **more: Any) -> Deferred[None]:
    """Send a message by a webhook, for ten seconds at most."""
    return Webhook(reactor, "web1", url=url, **more).send(MESSAGE).addTimeout(10, reactor)


async def failure(url: str, **more: Any) -> NotDelivered:
    """Why it is not delivered."""
    with pytest.raises(NotDelivered) as caught:
        await sent(url, **more)
    return caught.value


@pytest.mark.parametrize("address", BLOCKED)
def test_addresses_behind_the_firewall_are_refused(address: str) -> None:
    """In whatever form: mapped, translated, tunnelled."""
    assert refusal(address) is not None


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::8.8.8.8", "1.1.1.1"])
def test_public_addresses_are_not(address: str) -> None:
    """Those a webhook is for."""
    assert refusal(address) is None


@settings(max_examples=200)
@given(st.ip_addresses())
def test_nothing_private_is_ever_let_through(address: Any) -> None:
    """By the word of the standard library, for any address."""
    if not address.is_global or address.is_multicast:
        assert refusal(str(address)) is not None
    if address.version == 4:
        assert bool(refusal(f"::ffff:{address}")) == bool(refusal(str(address)))


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("address", BLOCKED)
async def test_a_name_that_leads_inside_is_blocked(
    server: tuple[Server, int], address: str
) -> None:
    """Whatever the name looks like; nothing is sent."""
    root, port = server
    url = f"http://hooks.example:{port}/"
    error = await failure(url, resolver=Names([str(ip_address(address))]))
    assert str(error).startswith("blocked: hooks.example is ")
    assert not error.permanent
    assert root.paths == []


@pytest_twisted.ensureDeferred
async def test_a_name_that_changes_its_meaning_reaches_nobody_else(
    server: tuple[Server, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked once for each message, and the connection goes to the address that was looked at.

    The first answer here is public, every later one this machine.
    """
    root, port = server
    connected: list[str] = []

    class Watched(posting.Pinned):
        def __init__(self, reactor: Any, url: Any, address: str) -> None:
            connected.append(address)
            super().__init__(reactor, url, "127.0.0.1")  # as if that were the public one

    monkeypatch.setattr(posting, "Pinned", Watched)
    names = Names(["8.8.8.8"], ["127.0.0.1"])
    await sent(f"http://hooks.example:{port}/first", resolver=names)
    assert (connected, names.asked) == (["8.8.8.8"], 1)
    await failure(f"http://hooks.example:{port}/second", resolver=names)
    assert (connected, root.paths) == (["8.8.8.8"], ["/first"])


@pytest_twisted.ensureDeferred
async def test_of_several_addresses_only_public_ones_are_tried(
    server: tuple[Server, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One good address does not open the door to the others."""
    root, port = server
    connected: list[str] = []

    class Watched(posting.Pinned):
        def __init__(self, reactor: Any, url: Any, address: str) -> None:
            connected.append(address)
            super().__init__(reactor, url, "127.0.0.1")

    monkeypatch.setattr(posting, "Pinned", Watched)
    names = Names(["169.254.169.254", "8.8.8.8", "10.0.0.1"])
    await sent(f"http://hooks.example:{port}/", resolver=names)
    assert connected == ["8.8.8.8"]
    assert root.paths == ["/"]


@pytest_twisted.ensureDeferred
async def test_a_redirect_is_not_followed(server: tuple[Server, int]) -> None:
    """Neither inside nor anywhere; the URL is to be corrected."""
    root, port = server
    error = await failure(f"http://127.0.0.1:{port}/redirect", allow_private=True)
    assert str(error) == "302 redirects, which is not followed; correct the URL"
    assert root.paths == ["/redirect"]


@pytest_twisted.ensureDeferred
async def test_what_is_allowed_arrives_signed(server: tuple[Server, int]) -> None:
    """Time and body are signed, so that neither can be changed nor an old copy be used."""
    root, port = server
    url = f"http://hooks.example:{port}/hook?team=web"
    names = Names(["127.0.0.1"])
    headers = {"Authorization": "Bearer x"}
    await sent(url, allow_private=True, secret=SECRET, headers=headers, resolver=names)
    [(_, got, body)] = root.asked
    stamp, mac = (part.split("=")[1] for part in got[b"x-logmond-signature"].decode().split(","))
    expected = hmac.new(SECRET.encode(), stamp.encode() + b"." + body, sha256).hexdigest()
    assert mac == expected
    assert signature(SECRET, int(stamp), body) == f"t={stamp},v1={mac}"
    assert got[b"x-logmond-id"].decode() == MESSAGE.id
    assert got[b"authorization"] == b"Bearer x"
    assert got[b"host"] == f"hooks.example:{port}".encode()
    assert got[b"content-type"] == b"application/json"
    assert MESSAGE.id.encode() in body


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 410, 413, 422, 429, 500, 502, 503])
async def test_the_answer_decides(server: tuple[Server, int], status: int) -> None:
    """What is wrong with the message is final; what can be mended is tried again."""
    error = await failure(f"http://127.0.0.1:{server[1]}/{status}", allow_private=True)
    assert error.permanent == (status in (400, 410, 413, 422))
    assert error.retry_after_s == 7
    assert str(error).startswith(f"{status} ")
    assert str(error).endswith("not \\x1b[2J now")


@pytest_twisted.ensureDeferred
async def test_tls_is_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For the name of the URL, against the authorities of this machine."""
    ours, others = Authority(tmp_path, "ours"), Authority(tmp_path, "others")
    certificate, key = ours.issue("server")
    root = Server()
    context = DefaultOpenSSLContextFactory(str(key), str(certificate))
    port = reactor.listenSSL(0, Site(root), context, interface="127.0.0.1")
    try:
        url = f"https://localhost:{port.getHost().port}/"
        monkeypatch.setenv("SSL_CERT_FILE", str(others.path))
        untrusted = await failure(url, allow_private=True)
        assert str(untrusted) == "localhost broke off: certificate verify failed"
        monkeypatch.setenv("SSL_CERT_FILE", str(ours.path))
        await sent(url, allow_private=True)
        elsewhere = url.replace("localhost", "hooks.example")
        names = Names(["127.0.0.1"])
        mistaken = await failure(elsewhere, allow_private=True, resolver=names)
        told = "hooks.example broke off: its certificate is for another name"
        assert str(mistaken) == told
        assert root.paths == ["/"]
    finally:
        await port.stopListening()


@pytest_twisted.ensureDeferred
async def test_an_endless_answer_is_read_no_further(server: tuple[Server, int]) -> None:
    """It has said that it took the message."""
    await sent(f"http://127.0.0.1:{server[1]}/endless", allow_private=True)


@pytest_twisted.ensureDeferred
async def test_nobody_there_is_told_in_a_few_words() -> None:
    """Refused, or without an address."""
    refused = await failure("http://127.0.0.1:1/", allow_private=True)
    assert str(refused) == "cannot connect to 127.0.0.1 (127.0.0.1): connection refused"
    unknown = await failure("http://hooks.example/", resolver=Names([]))
    assert str(unknown) == "hooks.example has no address"
