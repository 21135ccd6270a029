"""What stands in a path and is nobody's business is hidden; what explains a fault stays."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logmond.frame.redaction import MIN_TOKEN, discreet

TABLE = [
    ("/reset/aB3kd93Kd", "/reset/***"),
    ("/password-reset/4f3c2b1a9d", "/password-reset/***"),
    ("/invite/Zx81kQp04L/accept", "/invite/***/accept"),
    ("/orders/550e8400-e29b-41d4-a716-446655440000/items", "/orders/***/items"),
    ("/img/d41d8cd98f00b204e9800998ecf8427e.jpg", "/img/***.jpg"),
    ("/s/dQw4w9WgXcQ7hJk2LmN0pA", "/s/***"),
    ("/x/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "/x/***"),
    ("/cart;jsessionid=1A2B3C4D5E", "/cart;jsessionid=***"),
    ("/session=abc12345/next", "/session=***/next"),
    ("/reset%2FaB3kd93Kd", "/reset/***"),
    ("/u/alice@example.org/mail", "/u/***/mail"),
    ("/u/alice%40example.org", "/u/***"),
    ("https://bob:hunter2@shop.example/a", "https://***@shop.example/a"),
    ("Authorization: Basic dXNlcjpwYXNz1", "Authorization: Basic ***"),
    ("Bearer abcdef123456", "Bearer ***"),
]

KEPT = [
    "/",
    "/login",
    "/api/v1/users/12345",
    "/blog/how-to-install-python-3-12-on-debian",
    "/static/app.3f2a9c1b.js",
    "/wp-content/uploads/2024/11/IMG_20241123_104533.jpg",
    "/2026/11/23/release-notes-1.2.3",
    "/.well-known/security.txt",
    "/auth/oauth2/callback",
    "/reset/password",
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "https://www.example.org/shop/",
    "2001:db8:85a3:8d3:1319:8a2e:370:7348",
]

tokens = st.text(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", min_size=24, max_size=64
).filter(lambda text: sum(a.isdigit() != b.isdigit() for a, b in pairwise(text)) > 5)


@pytest.mark.parametrize(("text", "shown"), TABLE)
def test_what_lets_somebody_in_is_hidden(text: str, shown: str) -> None:
    """Tokens, sessions, addresses, passwords."""
    assert discreet(text) == shown


@pytest.mark.parametrize("text", KEPT)
def test_what_people_write_stays(text: str) -> None:
    """Titles, numbers, dates, file names, addresses of machines."""
    assert discreet(text) == text


def test_the_address_in_a_user_agent_stays_where_it_is_asked_for() -> None:
    """A bot gives it so that one can write to its keeper."""
    text = "ClaudeBot/1.0; +claudebot@anthropic.com"
    assert discreet(text, mail=False) == text
    assert discreet(text) == "ClaudeBot/1.0; ***"


@given(st.text("/abc", max_size=20), tokens, st.sampled_from(["", "/x", ".html", "?"]))
def test_a_random_token_never_stays(before: str, token: str, after: str) -> None:
    """Whatever stands around it in the path."""
    assert token not in discreet(f"/{before}/{token}{after}")


@given(st.text("0123456789abcdef", min_size=MIN_TOKEN, max_size=64))
def test_hexadecimal_never_stays(token: str) -> None:
    """Unless it is a number, or a word."""
    if any(map(str.isdigit, token)) and any(map(str.isalpha, token)):
        assert token not in discreet(f"/files/{token}/raw")


@given(st.text(max_size=300))
def test_any_text_can_be_shown(text: str) -> None:
    """Hostile ones too, and never longer than they were."""
    assert len(discreet(text)) <= max(len(text), 3)
