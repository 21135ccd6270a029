"""`trusted_proxies` of a source: what may stand there, and when it has no effect."""

from __future__ import annotations

import pytest

from logmond.config.loading import loads
from logmond.errors import ConfigError

SOURCE = "sources:\n  - {name: web, listen: udp://localhost:5514, "


@pytest.mark.parametrize(
    ("value", "networks"),
    [
        ("[10.0.0.0/8, 192.0.2.1]", ("10.0.0.0/8", "192.0.2.1")),
        ('"fd00::/8"', ("fd00::/8",)),
        ('["unix:"]', ("unix:",)),
    ],
)
def test_networks_addresses_and_unix_sockets_are_taken(
    value: str, networks: tuple[str, ...]
) -> None:
    """One may stand without brackets, as in every list."""
    loaded = loads(f"{SOURCE}format: nginx-main, trusted_proxies: {value}}}\n", "f.yaml", {})
    assert loaded.config.sources[0].trusted_proxies == networks
    assert loaded.warnings == []


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("[10.0.0.1/8]", "10.0.0.1/8 has bits beyond its prefix; did you mean 10.0.0.0/8?"),
        ("proxy.example", "'proxy.example' is no network; write it like 10.0.0.0/8"),
        ("[]", "is an empty list"),
    ],
)
def test_what_is_no_network_is_an_error_at_its_place(value: str, message: str) -> None:
    """A name or a slip of the prefix must not trust somebody else."""
    with pytest.raises(ConfigError) as caught:
        loads(f"{SOURCE}trusted_proxies: {value}}}\n", "f.yaml", {})
    assert message in str(caught.value)
    assert "f.yaml:2:" in str(caught.value)


@pytest.mark.parametrize(
    ("spec", "warned"),
    [
        ("combined", True),
        ("common", True),
        ("nginx-main", False),
        ("auto", False),
        ("envoy", False),
        ("caddy", False),
        ("'\"$http_x_forwarded_for\" $status'", False),
    ],
)
def test_a_format_without_the_header_is_warned_about(spec: str, warned: bool) -> None:
    """The setting alone changes nothing; the line must say whom the proxy asked for."""
    text = f"{SOURCE}format: {spec}, trusted_proxies: 10.0.0.0/8}}\n"
    found = [text for text in loads(text, "f.yaml", {}).warnings if "trusted_proxies" in text]
    assert bool(found) is warned
