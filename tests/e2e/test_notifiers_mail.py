"""A real mail server, reached through Apprise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from patience import eventually, within
from pytest_twisted import ensureDeferred
from receivers import Receivers, running_receivers
from twisted.internet import reactor

from logmond.outputs.chat import Chat
from logmond.outputs.notifier import Message, NotDelivered

pytestmark = pytest.mark.peer("exim4")


@pytest.fixture
def receivers(tmp_path: Path) -> Iterator[Receivers]:
    """Servers for this test."""
    with running_receivers(tmp_path) as running:
        yield running


def mail(port: int, more: str = "&format=text") -> Chat:
    """A notifier that writes to two people."""
    url = f"mailto://127.0.0.1:{port}/?from=logmond@web1.test&to=ann@ops.test,bob@ops.test{more}"
    return Chat(reactor, "web1", urls=[url])


@ensureDeferred
async def test_a_mail_has_the_title_for_its_subject_and_the_text_as_it_is(
    receivers: Receivers,
) -> None:
    """Plain text, each line where it was, and markup in it means nothing."""
    box = receivers.mail()
    text = "Errors generated an alert - <b>7.0%</b> & more: /a?b=\u00e9\nIncident 9f3c21ab on web1"
    sent = Message("m1", "alert", 0, (), "ALERT warning on web1: errors is firing", text)
    await within(20, mail(box.port).send(sent))
    first, second = await eventually(20, lambda: len(box.messages()) == 2 and box.messages())
    assert {str(one["Envelope-to"]) for one in (first, second)} == {"ann@ops.test", "bob@ops.test"}
    assert first["Subject"] == "ALERT warning on web1: errors is firing"
    assert "logmond@web1.test" in first["From"]
    body = first.get_body(("plain",))
    assert body is not None
    assert body.get_content().splitlines() == text.splitlines()


@ensureDeferred
async def test_what_stood_in_a_log_line_is_no_markup_in_a_mail(receivers: Receivers) -> None:
    """Strangers write log lines; Apprise is told that ours are plain text."""
    box = receivers.mail()
    text = 'path /<img src="http://evil.test/x">\nIncident 9f3c21ab on web1'
    sent = Message("m1", "alert", 0, (), "ALERT <script> on web1", text)
    await within(20, mail(box.port, more="").send(sent))
    await eventually(20, box.messages)
    (parts,) = [list(one.walk()) for one in box.messages()[:1]]
    assert [part.get_content_type() for part in parts] == ["text/plain"]
    assert parts[0].get_content().splitlines() == text.splitlines()
    assert parts[0]["Subject"] == "ALERT <script> on web1"


@ensureDeferred
async def test_a_mail_server_that_is_not_there_is_said_so_without_the_password(
    receivers: Receivers,
) -> None:
    """The next attempt finds it there."""
    box = receivers.mail()
    box.process.stop()
    url = f"mailto://bot:hunter2@127.0.0.1:{box.port}/?from=logmond@web1.test&to=ann@ops.test"
    with pytest.raises(NotDelivered, match="refused") as caught:
        await within(20, Chat(reactor, "web1", urls=[url]).send(_short("m1")))
    assert "hunter2" not in str(caught.value)
    notifier = mail(box.port)
    with pytest.raises(NotDelivered, match="refused"):
        await within(20, notifier.send(_short("m1")))
    again = receivers.mail(box.port)
    await within(20, notifier.send(_short("m1")))
    await eventually(20, again.messages)


def _short(id: str) -> Message:
    return Message(id, "test", 0, (), "title", "text")
