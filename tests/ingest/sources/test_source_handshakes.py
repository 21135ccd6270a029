"""Why handshakes came to nothing, as their operator reads it."""

from __future__ import annotations

import pytest

from logmond.ingest.sources.handshakes import LEFT, STALLED, TOLD_S, Refusals, why


@pytest.mark.parametrize(
    ("reasons", "verification", "told"),
    [
        (["certificate verify failed"], 10, "client certificate has expired"),
        (["certificate verify failed"], 19, "client certificate is not signed by client_ca"),
        (["certificate verify failed"], 77, "client certificate refused (X509_V_ERR 77)"),
        (["peer did not return a certificate"], None, "client shows no certificate"),
        (["wrong version number"], None, "no TLS; plain syslog belongs to a tcp:// listener"),
        (["ssl/tls alert unknown ca"], None, "the client does not trust our certificate"),
        (["tlsv1 alert unknown ca"], None, "the client does not trust our certificate"),
        (["length mismatch"], None, "length mismatch"),
        ([], None, LEFT),
    ],
)
def test_a_reason_is_in_words_of_the_configuration(
    reasons: list[str], verification: int | None, told: str
) -> None:
    """What is not known is told as OpenSSL has it."""
    assert why(reasons, verification) == told


def test_refusals_are_counted_by_reason() -> None:
    """The most frequent first; whoever only looked in is not called the last."""
    refusals = Refusals()
    assert refusals.notes() == []
    for peer in ("192.0.2.1", "192.0.2.2"):
        refusals.add("client shows no certificate", peer, 100.0)
    refusals.add(STALLED, "192.0.2.3", 100.0)
    refusals.add(LEFT, "192.0.2.4", 100.0)
    assert refusals.notes() == [
        "TLS handshakes refused: client shows no certificate (2), not finished within 10 s (1), "
        f"{LEFT} (1); the last by 192.0.2.3"
    ]


def test_a_refusal_is_a_reason_to_worry_for_a_while() -> None:
    """Senders try again; one that does not is no sender."""
    refusals = Refusals()
    refusals.add(LEFT, "192.0.2.1", 0.0)
    assert refusals.recent(1.0) == ""
    refusals.add(STALLED, "192.0.2.3", 100.0)
    told = "TLS handshake of 192.0.2.3 refused: not finished within 10 s"
    assert refusals.recent(100.0 + TOLD_S) == told
    assert refusals.recent(101.0 + TOLD_S) == ""


def test_each_reason_is_logged_once_a_minute() -> None:
    """A scanner fills no disk."""
    refusals = Refusals()
    assert [refusals.add(STALLED, "a", at) for at in (0.0, 59.0, 60.0, 61.0)] == [
        True,
        False,
        True,
        False,
    ]
    assert refusals.add(LEFT, "a", 61.0)
