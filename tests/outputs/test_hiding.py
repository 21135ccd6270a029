"""What a server or a program repeats of a secret is shown to nobody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import pytest_twisted
from messages import message
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.web.resource import Resource
from twisted.web.server import Site

from logmond.outputs.alertmanager import PATH, Alertmanager
from logmond.outputs.command import Command
from logmond.outputs.hiding import hidden, parts
from logmond.outputs.notifier import NotDelivered
from logmond.outputs.webhook import Webhook


class Echo(Resource):
    """Finds nothing, and says what was asked of it, in its first line too."""

    isLeaf = True

    def render_POST(self, request: Any) -> bytes:
        """Repeat where, and who."""
        who = request.getHeader("Authorization") or "nobody"
        request.setResponseCode(404, b"No " + request.uri)
        return b"x" * 150 + b"Cannot POST %s for %s" % (request.uri, who.encode())


@pytest.fixture
def server() -> Iterator[str]:
    """Where it listens."""
    port = reactor.listenTCP(0, Site(Echo()), interface="127.0.0.1")
    yield f"http://127.0.0.1:{port.getHost().port}"
    pytest_twisted.blockon(port.stopListening())


async def failure_of(sending: Deferred[None]) -> str:
    """Why a message is not taken."""
    with pytest.raises(NotDelivered) as caught:
        await sending.addTimeout(20, reactor)
    return str(caught.value)


@pytest.mark.parametrize(
    ("secret", "said", "shown"),
    [
        (
            "/services/T1/s3cr3t",
            "no such thing: /services/T1/s3cr3t",
            "no such thing: /***/***/***",
        ),
        ("/x?key=s3cr%20et", '{"key": "s3cr et"}', '{"***": "*** ***"}'),
        ("Bearer s3cr3t", "bad Bearer 's3cr3t'", "bad *** '***'"),
        ("/a/s3cr3t", "a bad day for s3cr3t2", "*** bad day for ***2"),
        ("/", "all / is well", "all / is well"),
        ("", "nothing", "nothing"),
    ],
)
def test_every_part_of_a_secret_is_hidden(secret: str, said: str, shown: str) -> None:
    """Short ones where they are words, others wherever they stand."""
    assert hidden(said, parts(secret)) == shown


@pytest_twisted.ensureDeferred
async def test_a_server_that_repeats_address_and_headers_gives_away_neither(server: str) -> None:
    """What else it says is shown."""
    headers = {"Authorization": "Bearer t0psecret"}
    url = f"{server}/hook/s3cr3t?key=4lso"
    hook = Webhook(reactor, "web1", url=url, headers=headers, allow_private=True)
    told = await failure_of(hook.send(message()))
    assert told.startswith("404 No /***/***?***=***: xxx")
    assert "Cannot POST /***/***" in told
    assert not any(secret in told for secret in ("s3cr3t", "4lso", "t0psecret"))


@pytest_twisted.ensureDeferred
async def test_an_alertmanager_hides_what_is_not_everybodys_path(server: str) -> None:
    """Its own words are no secret."""
    manager = Alertmanager(
        reactor,
        "web1",
        url=f"{server}/s3cr3t",
        headers={"Authorization": "Basic dXNlcjpw"},
        allow_private=True,
        repeat_s=60,
    )
    told = await failure_of(manager.send(message()))
    assert f"Cannot POST /***{PATH} for" in told
    assert "dXNlcjpw" not in told


@pytest_twisted.ensureDeferred
async def test_a_program_that_says_its_secrets_is_not_quoted() -> None:
    """They are those of its `env`."""
    command = ["/bin/sh", "-c", "echo no login with $TOKEN >&2; exit 1"]
    told = await failure_of(
        Command(reactor, "web1", command=command, env={"TOKEN": "s3cr3t", "NONE": ""}).send(
            message()
        )
    )
    assert told.endswith("no login with ***")
