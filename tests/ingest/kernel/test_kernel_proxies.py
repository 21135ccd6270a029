"""Clients behind trusted proxies, as the kernel counts them."""

from __future__ import annotations

import pytest

from logmond.ingest.formats.proxies import TrustedProxies
from logmond.ingest.formats.table import format_of
from logmond.ingest.kernel.python import PythonKernel

START = 1_795_453_200
STAMP = "23/Nov/2026:17:00:00 +0000"
PROXIES = TrustedProxies(["10.0.0.0/8"])
ENVOY = (
    '[2026-11-23T17:00:00.310Z] "GET / HTTP/2" 200 - 0 5 12 11 "{0}, 10.0.0.3" "curl" "i" "h" "u"'
)


def clients(spec: str, *lines: str, proxies: TrustedProxies | None = PROXIES) -> dict[str, int]:
    """The hits of every client in lines of a format."""
    kernel = PythonKernel("web", format_of(spec), proxies=proxies)
    chunk = "".join(f"{line}\n" for line in lines).encode()
    assert kernel.scan(chunk, START, believed=True).counted == len(lines)
    (bounded,) = kernel.take().bounded.values()
    return dict(bounded.tops["client", False].counts)


def main(peer: str, forwarded: str) -> str:
    """A line of nginx-main."""
    return f'{peer} - - [{STAMP}] "GET / HTTP/1.1" 200 5 "-" "curl/8" "{forwarded}"'


@pytest.mark.parametrize("spec", ["nginx-main", "auto"])
def test_the_client_stands_in_the_place_of_a_trusted_proxy(spec: str) -> None:
    """Only where the peer is one; the header of anybody else is not believed."""
    assert clients(
        spec,
        main("10.0.0.1", "203.0.113.7"),
        main("10.0.0.1", "1.1.1.1, 203.0.113.7, 10.0.0.2"),
        main("198.51.100.1", "203.0.113.7"),
        main("10.0.0.1", "-"),
    ) == {"203.0.113.7": 2, "198.51.100.1": 1, "10.0.0.1": 1}


def test_without_trusted_networks_the_peer_is_the_client() -> None:
    """Nothing changes for who configures nothing."""
    line = main("10.0.0.1", "203.0.113.7")
    assert clients("nginx-main", line, proxies=None) == {"10.0.0.1": 1}
    assert clients("nginx-main", line, proxies=TrustedProxies([])) == {"10.0.0.1": 1}


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        (r"%h %{X-Forwarded-For}i %>s", "10.0.0.1 1.1.1.1, {0}, 10.0.0.2 200"),
        # Where only the header is logged, its list is the whole chain.
        ('"$http_x_forwarded_for" $status', '"1.1.1.1, {0}, 10.0.0.2" 200'),
        ("envoy", ENVOY),
        (
            "#Fields: date time c-ip sc-status x-forwarded-for x-edge-location",
            "2026-11-23\t17:00:00\t10.0.0.1\t200\t{0},10.0.0.2\tSFO5",
        ),
        (
            "json",
            '{{"remote_addr":"10.0.0.1","status":200,"uri":"/","http_x_forwarded_for":"{0}"}}',
        ),
        (
            "caddy",
            '{{"ts":1795453200.5,"status":200,"request":{{"remote_ip":"10.0.0.1","uri":"/",'
            '"headers":{{"X-Forwarded-For":["1.1.1.1, {0}","10.0.0.2"]}}}}}}',
        ),
        (
            "traefik-json",
            '{{"ClientHost":"10.0.0.1","DownstreamStatus":200,"RequestPath":"/",'
            '"request_X-Forwarded-For":"{0}"}}',
        ),
    ],
)
def test_every_format_that_carries_the_header_is_read_so(spec: str, line: str) -> None:
    """Pasted, preset, W3C and JSON alike."""
    assert clients(spec, line.format("203.0.113.7")) == {"203.0.113.7": 1}


def test_a_format_without_the_header_keeps_its_clients() -> None:
    """There is nobody to name but the proxy."""
    line = main("10.0.0.1", "x").rsplit(' "', 1)[0]
    assert clients("combined", line) == {"10.0.0.1": 1}
