"""Hostile values cost a name no more than what of them is shown."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from logmond.ingest.formats.values import unescaped
from logmond.ingest.kernel import names

LONGEST = 65536
FILLINGS = [rb"\"", rb"\\", rb"\x41", rb"\u0041", rb"\ud83d", b"\\", b"a\\n", b"/", b"?a=b&", b" "]


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes each call of `unescaped` was handed."""
    lengths: list[int] = []

    def counting(value: bytes) -> bytes:
        lengths.append(len(value))
        return unescaped(value)

    monkeypatch.setattr(names, "unescaped", counting)
    return lengths


@pytest.mark.parametrize("filling", FILLINGS, ids=repr)
@pytest.mark.parametrize(
    ("begin", "name"),
    [
        (b"", names.text_of),
        (b"https://example.org/", names.referrer_of),
        (b"Mozilla/5.0 ", names.user_agent_of),
        (b"example.org", names.vhost_of),
        (b"GET /", names.target_of),
        (b"/", names.target_of_uri),
        (b"2001:db8::", names.client_and_place),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_no_more_is_unescaped_than_can_be_shown(
    handed: list[int], begin: bytes, name: Callable[[bytes], object], filling: bytes
) -> None:
    """64 KiB of escapes are looked at as far as a key, a host's name or a bot's can reach."""
    name(begin + filling * (LONGEST // len(filling)))
    assert max(handed, default=0) <= max(names.REQUEST_BYTES, names.AGENT_BYTES)


@pytest.mark.parametrize("filling", FILLINGS, ids=repr)
@pytest.mark.parametrize("length", [1, 95, 96, 97, 581, 582, 583, 900, 5000])
def test_a_key_is_the_beginning_of_the_whole_value(filling: bytes, length: int) -> None:
    """Looking at a part gives the key that looking at all of it would."""
    value = (filling * length)[:length]
    whole = unescaped(value)[: names.KEY_BYTES].decode("utf-8", "backslashreplace") or "-"
    assert names.text_of(value) == whole


@pytest.mark.parametrize("length", [10, 900, 1100, 5000, 60_000])
@pytest.mark.parametrize("filling", [b"b", rb"\"", rb"\x41", b"/b", b"%2F"], ids=repr)
def test_method_section_and_path_are_those_of_the_whole_request(
    filling: bytes, length: int
) -> None:
    """Whatever stands behind the part that counts."""
    path = b"/api/" + (filling * length)[:length]
    shown = names.text_of(path)
    for request in (
        b"GET %b HTTP/1.1" % path,
        b"GET %b" % path,
        b"GET %b?%b HTTP/2.0" % (path, path),
    ):
        (method, section), found = names.target_of(request)
        assert (method, section, found) == ("GET", "/api", shown)
