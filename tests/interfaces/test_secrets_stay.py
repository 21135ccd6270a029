"""What lets somebody in never leaves with an alert, however it came into the log."""

from __future__ import annotations

import string
from itertools import pairwise

from admin_wire import ask, data
from fake_surface import FakeAlerts, surface
from hypothesis import given, settings
from hypothesis import strategies as st

from logmond.alerts.event import Event
from logmond.alerts.incident import Incident
from logmond.alerts.render import encoded, journal, line
from logmond.alerts.rule import Rule
from logmond.alerts.service import AlertService
from logmond.ingest.formats.table import format_of
from logmond.ingest.intake import Intake
from logmond.ingest.kernel.python import PythonKernel
from logmond.ingest.scenarios import time_local
from logmond.outputs.notifier import Message
from logmond.outputs.payload import payload
from logmond.stats.service import StatisticsService

START = 1_795_453_200

RULES = (
    Rule("busy", "hits", window_s=10, above=(("warning", 20.0),)),
    Rule("errors", "ratio_5xx", window_s=10, above=(("warning", 0.1),)),
)

# As tokens are made: letters and digits in a jumble.
tokens = st.text(string.ascii_letters + string.digits, min_size=24, max_size=40).filter(
    lambda text: sum(a.isdigit() != b.isdigit() for a, b in pairwise(text)) > 3
)
mails = st.text(string.ascii_lowercase, min_size=6, max_size=12).map(lambda name: f"{name}.q7")
planted = st.fixed_dictionaries(
    {"session": tokens, "path": tokens, "referrer": tokens, "password": tokens, "mail": mails}
)


def lines_with(secret: dict[str, str], second: int) -> bytes:
    """A second in which everything is wrong, twenty times."""
    stamp = time_local(second).decode()
    requests = [
        (f"/cart?session={secret['session']}", f"https://app.example/?token={secret['session']}"),
        (f"/reset/{secret['path']}", f"https://bob:{secret['password']}@mail.example/"),
        (f"/reset/{secret['path']}", f"https://app.example/go/{secret['referrer']}/x"),
        (f"/users/{secret['mail']}@example.org", f"https://x/#access_token={secret['session']}"),
        (f"/pay;jsessionid={secret['session']}", "-"),
    ]
    return "".join(
        f'192.0.2.1 - {secret["mail"]} [{stamp}] "GET {uri} HTTP/1.1" 500 3 "{referrer}" "curl/8"\n'
        for uri, referrer in requests * 4
    ).encode()


def raised(secret: dict[str, str]) -> tuple[list[Event], list[Incident]]:
    """What two rules make of ten calm seconds and five of those."""
    intake = Intake("web", PythonKernel("web", format_of("combined")), lambda: START + 20.0)
    stats = StatisticsService()
    stats.coverage.observe("web", START - 4000)
    stats.start(START - 1)
    alerts = AlertService(RULES, stats, "web1")
    events: list[Event] = []
    for second in range(START, START + 15):
        calm = time_local(second).decode()
        intake.lines(f'192.0.2.9 - - [{calm}] "GET / HTTP/1.1" 200 3 "-" "x"\n'.encode())
        if second >= START + 10:
            intake.lines(lines_with(secret, second))
        stats.add(intake.take(second))
        stats.advance(second)
        events += alerts.step(second)
    return events, alerts.incidents()


@settings(max_examples=25)
@given(planted)
def test_no_event_reply_file_or_webhook_shows_a_secret(secret: dict[str, str]) -> None:
    """Sessions, tokens, passwords, addresses and user names of the lines that fired."""
    events, incidents = raised(secret)
    assert {event.rule for event in events} == {"busy", "errors"}
    assert all(event.evidence and event.samples for event in events)
    message = Message("1", "alert", START + 14, tuple(events), "title", "text")
    told = [
        *(form(event) for event in events for form in (line, journal, repr)),
        *(encoded(event).decode() for event in events),
        payload(message, "web1").decode(),
    ]
    shown = surface(alerts=FakeAlerts(incidents))
    for incident in incidents:
        told.append(ask(f"incident {incident.short_id}", shown))
        told.append(repr(data(f"incident {incident.short_id}", shown)))
    assert any("/reset/***" in text for text in told)
    for text in told:
        for what, value in secret.items():
            assert value not in text, (what, text)
