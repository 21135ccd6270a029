"""Who the client is behind proxies that are trusted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logmond.ingest.formats.proxies import MAX_HOPS, TrustedProxies, network_of

OURS = TrustedProxies(["10.0.0.0/8", "192.0.2.1", "2001:db8:ffff::/48"])


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        (b"203.0.113.7,10.0.0.1", b"203.0.113.7"),
        (b"203.0.113.7, 10.9.9.9,10.0.0.1", b"203.0.113.7"),
        # What stands before the client was written by the client.
        (b"1.1.1.1, 203.0.113.7,10.0.0.1", b"203.0.113.7"),
        (b"10.0.0.9, 203.0.113.7, 10.9.9.9,10.0.0.1", b"203.0.113.7"),
        # A peer that is no proxy of ours may write whatever it likes.
        (b"203.0.113.7,198.51.100.1", b"198.51.100.1"),
        (b"-,10.0.0.1", b"10.0.0.1"),
        (b",10.0.0.1", b"10.0.0.1"),
        (b"10.1.1.1, 10.2.2.2,10.0.0.1", b"10.1.1.1"),
        (b"2001:db8::7, 2001:db8:ffff::1,192.0.2.1", b"2001:db8::7"),
        (b"203.0.113.7:4711,10.0.0.1", b"203.0.113.7"),
        (b"[2001:db8::7]:4711,[2001:db8:ffff::1]:443", b"2001:db8::7"),
        (b"203.0.113.7,::ffff:10.0.0.1", b"203.0.113.7"),
        (b'"203.0.113.7",10.0.0.1', b"203.0.113.7"),
        # What is no address is not believed, and is never a key of statistics.
        (b"unknown,10.0.0.1", b"10.0.0.1"),
        (b"203.0.113.7, <script>, 10.9.9.9,10.0.0.1", b"10.9.9.9"),
        (b"203.0.113.7,unix:", b"unix:"),
        (b"203.0.113.7,proxy.example.com", b"proxy.example.com"),
        (b"203.0.113.7", b"203.0.113.7"),
        (b"-", b"-"),
        (b"", b"-"),
    ],
)
def test_the_client_is_the_last_address_no_proxy_of_ours_has(chain: bytes, client: bytes) -> None:
    """The list is read from its end, which is the part that our own proxies wrote."""
    assert OURS.client(chain) == client


def test_a_peer_on_a_unix_socket_may_be_trusted() -> None:
    """nginx behind a proxy of the same host logs ``unix:`` as its peer."""
    assert TrustedProxies(["unix:"]).client(b"203.0.113.7,unix:") == b"203.0.113.7"


def test_no_networks_are_no_trust() -> None:
    """Then nothing is to be done for a line."""
    assert not TrustedProxies([])
    assert TrustedProxies(["unix:"])


@given(st.lists(st.ip_addresses(v=4).map(str), min_size=1, max_size=6),
       st.lists(st.integers(1, 254), max_size=4))  # fmt: skip
def test_no_client_can_pose_as_another(forged: list[str], hops: list[int]) -> None:
    """Whatever a client writes in front, its own address behind it is what counts."""
    chain = [*forged, "203.0.113.7", *(f"10.0.0.{hop}" for hop in hops)]
    assert OURS.client(",".join([*chain, "10.0.0.1"]).encode()) == b"203.0.113.7"


def test_a_hostile_list_is_read_from_its_end_only() -> None:
    """A header of 64 KiB costs no more than one of `MAX_HOPS`."""
    chain = b"10.0.0.1," * 8000
    assert OURS.client(chain + b"10.0.0.1") == b"10.0.0.1"
    assert OURS.client(b"203.0.113.7," + b"10.0.0.1," * (MAX_HOPS - 2) + b"10.0.0.1") == (
        b"203.0.113.7"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("10.0.0.0/99", "is no network; write it like 10.0.0.0/8"),
        ("proxy", "is no network"),
        ("10.0.0.1/8", "did you mean 10.0.0.0/8?"),
        ("2001:db8::1/32", "did you mean 2001:db8::/32?"),
    ],
)
def test_what_is_no_network_is_refused_with_what_would_work(text: str, message: str) -> None:
    """Bits beyond the prefix are a typing error, in one of two ways."""
    with pytest.raises(ValueError, match=message.replace("?", r"\?")):
        network_of(text)
