"""TLS handshakes that came to nothing: why, in words, and how many. No sockets, no OpenSSL.

A client learns little from TLS about why it was refused; whoever runs it reads
it here. What is kept is bounded by OpenSSL's own list of reasons.
"""

from __future__ import annotations

from collections import Counter

DEADLINE_S = 10.0
"""Seconds a handshake may take."""

LEFT = "closed by the client before the handshake ended"
STALLED = f"not finished within {DEADLINE_S:.0f} s"

TOLD_S = 120.0
"""How long the last refusal is a reason to worry where no client is connected."""

_LOG_EVERY_S = 60.0
_SHOWN = 3

# X509_V_ERR_... of <openssl/x509_vfy.h>
_VERIFICATION = {
    9: "client certificate is not valid yet",
    10: "client certificate has expired",
    18: "client certificate is not signed by client_ca",
    19: "client certificate is not signed by client_ca",
    20: "client certificate is not signed by client_ca",
    21: "client certificate is not signed by client_ca",
    26: "client certificate is not one for clients (extendedKeyUsage)",
}

_NO_TLS = "no TLS; plain syslog belongs to a tcp:// listener"
_NO_TRUST = "the client does not trust our certificate"
_REASONS = {
    "peer did not return a certificate": "client shows no certificate",
    "wrong version number": _NO_TLS,
    "packet length too long": _NO_TLS,
    "record layer failure": _NO_TLS,
    "http request": _NO_TLS,
    "https proxy request": _NO_TLS,
    "unsupported protocol": "client speaks only TLS older than min_version",
    "no shared cipher": "client offers no cipher that we take",
    "alert unknown ca": _NO_TRUST,
    "alert certificate unknown": _NO_TRUST,
    "alert bad certificate": _NO_TRUST,
    "alert certificate expired": "the client finds our certificate expired",
}


def why(reasons: list[str], verification: int | None) -> str:
    """What to tell of a handshake that failed.

    Args:
        reasons: of OpenSSL's errors, the deepest first.
        verification: its X509_V_ERR of the client's certificate, None for none.
    """
    if verification is not None:
        unknown = f"client certificate refused (X509_V_ERR {verification})"
        return _VERIFICATION.get(verification, unknown)
    for reason in reasons:
        for known, told in _REASONS.items():
            if reason.endswith(known):
                return told
    return reasons[-1] if reasons else LEFT


class Refusals:
    """What a listener refused since it was opened, by reason."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._logged: dict[str, float] = {}
        self._last = ("", "", 0.0)

    def add(self, reason: str, peer: str, now: float) -> bool:
        """Count one; True if it should be logged: once a minute for each reason."""
        self._counts[reason] += 1
        if reason != LEFT:  # whoever probes the port does that
            self._last = (reason, peer, now)
        due = now - self._logged.get(reason, -_LOG_EVERY_S) >= _LOG_EVERY_S
        if due:
            self._logged[reason] = now
        return due

    def recent(self, now: float) -> str:
        """The last refusal, if it was not long ago."""
        reason, peer, at = self._last
        if not reason or now - at > TOLD_S:
            return ""
        return f"TLS handshake of {peer} refused: {reason}"

    @property
    def since(self) -> float:
        """When the last one was."""
        return self._last[2]

    def notes(self) -> list[str]:
        """All of them in one line, the most frequent reasons first."""
        if not self._counts:
            return []
        counts = self._counts.most_common()
        parts = [f"{reason} ({count:,})" for reason, count in counts[:_SHOWN]]
        if len(counts) > _SHOWN:
            parts.append("others")
        by = f"; the last by {self._last[1]}" if self._last[1] else ""
        return [f"TLS handshakes refused: {', '.join(parts)}{by}"]
