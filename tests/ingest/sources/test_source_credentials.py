"""Certificates of TLS listeners: bad ones are refused, new ones taken without dropping anybody."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_twisted
from patience import eventually, within
from tlsscene import Scene

from logmond.errors import SourceError


@pytest_twisted.ensureDeferred
async def test_a_new_certificate_is_taken_without_dropping_connections(scene: Scene) -> None:
    """Old connections go on, new ones see the new certificate."""
    source = scene.source()
    first = await scene.enter(source)
    assert source.reload() == ""
    scene.authority.issue("server")
    assert "new certificate, valid until" in source.reload()
    second = await scene.enter(source)
    assert first.getpeercert(True) != second.getpeercert(True)
    first.sendall(b"first\n")
    await eventually(10, lambda: scene.intake.taken == [b"first"])
    second.sendall(b"second\n")
    await eventually(10, lambda: scene.intake.taken == [b"first", b"second"])
    await within(10, source.close())


@pytest_twisted.ensureDeferred
async def test_a_bad_new_certificate_leaves_the_old_one_and_says_so(scene: Scene) -> None:
    """Until a good one is there."""
    source = scene.source()
    good = scene.key.read_bytes()
    scene.key.write_bytes(b"nonsense")
    with pytest.raises(SourceError, match="the old certificate stays: key"):
        source.reload()
    assert source.health().state == "degraded"
    await scene.enter(source)
    scene.key.write_bytes(good)
    assert source.reload() == ""
    assert source.health().state == "ok"
    await within(10, source.close())


def _swapped(scene: Scene) -> None:
    scene.key.write_bytes(scene.authority.issue("other")[1].read_bytes())


def _locked(scene: Scene) -> None:
    scene.authority.issue("server", passphrase=b"secret")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda scene: scene.certificate.unlink(), "unreadable (no such file or directory): "),
        (lambda scene: scene.certificate.write_text("x"), "holds no certificate in PEM"),
        (lambda scene: scene.key.write_text("x"), "holds no private key in PEM"),
        (_swapped, "does not belong to certificate"),
        (_locked, "is encrypted; store it without a passphrase"),
    ],
)
def test_files_that_cannot_be_used_end_the_start(scene: Scene, spoil: Any, message: str) -> None:
    """With the address, the file, and what is wrong with it."""
    spoil(scene)
    with pytest.raises(SourceError) as caught:
        scene.source()
    assert str(caught.value).startswith("tls://127.0.0.1:0: ")
    assert message in str(caught.value)


def test_an_expired_certificate_of_ours_degrades(scene: Scene) -> None:
    """Every sender that checks it refuses us, and cannot tell us so."""
    scene.authority.issue("server", expired=True)
    source = scene.source()
    assert source.health().state == "degraded"
    assert "senders refuse it" in source.health().reason
    assert source.close().called
