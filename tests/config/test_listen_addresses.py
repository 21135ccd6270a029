"""Addresses to listen on: one URL, no name lookups, overlaps seen."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logmond.config.addresses import Address, parse


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("udp://localhost:5514", Address("udp", "localhost", 5514)),
        ("tcp://127.0.0.1:0", Address("tcp", "127.0.0.1", 0)),
        ("udp://[::1]:5514", Address("udp", "::1", 5514)),
        ("udp://*:5514", Address("udp", "*", 5514)),
        ("tcp://0.0.0.0:65535", Address("tcp", "0.0.0.0", 65535)),
        ("unixgram:///run/logmond.sock", Address("unixgram", path="/run/logmond.sock")),
        ("unix:///tmp/a b", Address("unix", path="/tmp/a b")),
    ],
)
def test_an_address_is_read_and_written_back(text: str, address: Address) -> None:
    """Every accepted form gives its parts, and the same text again."""
    assert parse(text) == address
    assert str(address) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sctp://localhost:1", 'unknown scheme "sctp"; there are: udp, tcp, tls, unixgram, unix'),
        ("unixgrm:///x", 'unknown scheme "unixgrm"; did you mean "unixgram"?'),
        ("localhost:5514", "needs a scheme"),
        ("udp://localhost", "needs a port"),
        ("udp://:5514", "must be udp://HOST:PORT"),
        ("udp://localhost:65536", "port 65536 does not exist"),
        ("udp://localhost:5514/x", "must be udp://HOST:PORT"),
        ("udp://web1:5514", 'host "web1" is not localhost'),
        ("udp://127.1:5514", 'host "127.1" is not'),
        ("udp://::1:5514", "must be udp://HOST:PORT"),
        ("udp://[::g]:5514", "is not localhost"),
        ("unixgram://run/x", "needs an absolute path"),
        ("unix:///" + "x" * 200, "longer than 107 bytes"),
        (5514, "must be an address such as udp://localhost:5514, not 5514"),
    ],
)
def test_what_is_no_address_is_told_what_would_be(text: object, message: str) -> None:
    """Each way to get an address wrong has its own words."""
    with pytest.raises(ValueError, match=r".") as caught:
        parse(text)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "reachable_from_here_only"),
    [
        ("tcp://localhost:1", True),
        ("tcp://127.9.9.9:1", True),
        ("tcp://[::1]:1", True),
        ("unix:///x", True),
        ("tcp://0.0.0.0:1", False),
        ("tcp://*:1", False),
        ("tcp://[::]:1", False),
        ("tcp://10.0.0.1:1", False),
    ],
)
def test_loopback_is_told_from_the_network(text: str, reachable_from_here_only: bool) -> None:
    """The admin port needs a token exactly where others can reach it."""
    assert parse(text).loopback is reachable_from_here_only


@pytest.mark.parametrize(
    ("first", "second", "same_place"),
    [
        ("udp://localhost:1", "udp://127.0.0.1:1", True),
        ("udp://localhost:1", "udp://[::1]:1", True),
        ("udp://*:1", "udp://10.0.0.1:1", True),
        ("udp://0.0.0.0:1", "udp://localhost:1", True),
        ("udp://0.0.0.0:1", "udp://[::1]:1", False),
        ("udp://localhost:1", "tcp://localhost:1", False),
        ("udp://localhost:1", "udp://localhost:2", False),
        ("udp://localhost:0", "udp://localhost:0", False),
        ("udp://127.0.0.1:1", "udp://10.0.0.1:1", False),
        ("unix:///a", "unix:///a", True),
        ("unix:///a", "unix:///b", False),
    ],
)
def test_overlapping_addresses_are_seen(first: str, second: str, same_place: bool) -> None:
    """Two listeners that would collide are found whichever comes first."""
    assert parse(first).overlaps(parse(second)) is same_place
    assert parse(second).overlaps(parse(first)) is same_place


@given(st.text(max_size=40) | st.text("udptcnixgram:/[].*0123456789", max_size=40))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    """Nothing but `ValueError` leaves the parser, and what it takes it takes again."""
    with suppress(ValueError):
        address = parse(text)
        assert parse(str(address)) == address
