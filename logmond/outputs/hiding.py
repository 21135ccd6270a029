"""Secrets taken out of what others say: servers and programs repeat what they were sent. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import unquote

LONG = 4
"""Characters from which a part is a secret wherever it stands, in a longer word too."""


def parts(*secrets: str) -> frozenset[str]:
    """The words that addresses and headers are made of, as they stand and with %XX undone."""
    forms = {form for secret in secrets for form in (secret, unquote(secret))}
    return frozenset(part for form in forms for part in re.split(r"[/:@?&=#,;+\s]+", form) if part)


def hidden(text: str, secrets: Collection[str]) -> str:
    """A text with ``***`` in place of each secret."""
    for secret in sorted(secrets, key=len, reverse=True):
        pattern = re.escape(secret)
        if len(secret) < LONG:
            pattern = rf"(?<!\w){pattern}(?!\w)"
        text = re.sub(pattern, "***", text)
    return text
