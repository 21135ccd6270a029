"""Listeners are found by the scheme of their URL."""

from __future__ import annotations

from pathlib import Path

import pytest
from certificates import Authority
from twisted.internet.testing import MemoryReactorClock

from logmond.errors import AddressTaken, SourceError
from logmond.ingest.sources.datagram import UnixDatagramSource
from logmond.ingest.sources.stream import StreamSource
from logmond.ingest.sources.table import LISTENERS, listener, open_source
from logmond.ingest.sources.tls import TlsSource
from logmond.ingest.sources.udp import UdpSource
from logmond.testing import RecordingIntake

KINDS = {
    "udp": UdpSource,
    "tcp": StreamSource,
    "tls": TlsSource,
    "unixgram": UnixDatagramSource,
    "unix": StreamSource,
}


@pytest.mark.parametrize("scheme", LISTENERS)
def test_every_scheme_opens_its_source(scheme: str, tmp_path: Path) -> None:
    """The source is bound when it is returned, and says what it was asked for."""
    url = f"{scheme}:///{tmp_path}/sock" if "unix" in scheme else f"{scheme}://localhost:0"
    clock = MemoryReactorClock()
    more = {}
    if scheme == "tls":
        certificate, key = Authority(tmp_path).issue("server")
        more = {"certificate": str(certificate), "key": str(key)}
    source = open_source(url, RecordingIntake(), clock, **more)
    assert type(source) is KINDS[scheme]
    assert source.address == url
    assert clock.readers
    assert source.close().called
    assert not clock.readers


def test_an_unknown_scheme_names_those_there_are() -> None:
    """A typing error is answered with the choice."""
    with pytest.raises(SourceError, match=r"http://.*: unknown scheme; there are udp, tcp"):
        listener("http://localhost:80", RecordingIntake(), MemoryReactorClock())


@pytest.mark.parametrize("scheme", ["udp", "tcp"])
def test_a_taken_port_names_the_setting_of_its_source(scheme: str) -> None:
    """Without another key, the message names the source's own."""
    clock = MemoryReactorClock()
    first = open_source(f"{scheme}://127.0.0.1:0", RecordingIntake(), clock)
    url = f"{scheme}://localhost:{first.port}"  # type: ignore[attr-defined]
    with pytest.raises(AddressTaken, match=f"--set sources.nginx.listen={scheme}://localhost:"):
        open_source(url, RecordingIntake("nginx"), clock)
    assert first.close().called
