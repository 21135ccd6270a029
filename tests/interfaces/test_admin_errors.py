"""What the admin port says to a command it cannot answer, and what it never shows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from admin_wire import ask, data
from fake_surface import surface
from surface_values import NGINX


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("statsu", 'ERR unknown command "statsu"; did you mean "stats"?'),
        ("frobnicate", 'ERR unknown command "frobnicate"; type "help"'),
        ("stats sectoin=/a", 'ERR no dimension "sectoin"; did you mean "section"?'),
        ("stats section=", 'ERR "section=" lacks its value: section=/api'),
        ("stats 5", 'ERR "5" is no length of time such as 90s, 2m, 1h'),
        ("stats by path", 'ERR path is kept as a table of its own; type "top path"'),
        ("stats by", "ERR by takes one dimension and stands last; usage: stats [WINDOW] ["),
        ("top", "ERR which dimension? usage: top DIM [WINDOW] [N] [errors]"),
        ("top path 0", "ERR N is 1 to 1000; usage: top DIM [WINDOW] [N] [errors]"),
        ("top path many", 'ERR cannot use "many"; usage: top DIM [WINDOW] [N] [errors]'),
        ("sources ngnix", 'ERR no source "ngnix"; did you mean "nginx"?'),
        ("samples", "ERR usage: samples SOURCE"),
        ("parse", "ERR which line? usage: parse LINE"),
        ("incidents some", "ERR usage: incidents [all/since 7d [RULE]]"),
        ("incident", "ERR which one? usage: incident ID"),
        ("incident 12345678", "ERR no incident '12345678'; see: incidents all"),
        ("ack", "ERR which incident? usage: ack ID NAME [comment]"),
        ("ack 12345678", "ERR whose name? usage: ack ID NAME [comment]"),
        ("silence add high-traffic", "ERR usage: silence list [all] | add RULE"),
        ("silence add high-traffic long", 'ERR "long" is no length of time such as 90s, 2m, 1h'),
        ("watch me", "ERR usage: watch"),
        ("auth", "ERR usage: auth TOKEN"),
    ],
)
def test_errors_say_what_would_work(command: str, reply: str) -> None:
    """One line, ERR and the reason."""
    found = ask(command)
    assert found.count("\n") == 1
    assert found.startswith(reply)


def test_an_error_as_json_has_a_code() -> None:
    """Programs read the code, people the message."""
    assert data("statsu") == {
        "error": {
            "code": "unknown_command",
            "message": 'unknown command "statsu"; did you mean "stats"?',
        }
    }


def test_no_control_character_of_a_log_line_reaches_a_terminal() -> None:
    """Neither in text nor in JSON, nor from what somebody typed."""
    hostile = "\x1b]0;x\x07 \x9b2J \u202e \u2028 \x7f"
    source = replace(NGINX, samples={"unparsed": [hostile]}, notes=(hostile,))
    shown = surface(sources=[source])
    for command in ("sources", "json sources", "loss", f"x{hostile}x", "sources \x1b[2J"):
        reply = ask(command, shown)
        assert not set(reply.replace("\n", "")) & {*map(chr, range(32)), *"\x7f\x9b\u202e\u2028"}
