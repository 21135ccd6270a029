"""What must not leave with an alert: tokens and addresses that stand in paths and referrers.

Query strings are cut long before; but password resets, invitations and shared
links carry their secret in the path. Read from left to right once, so the time
is linear in the text. What is hidden is shown as `HIDDEN`:

* a JSON Web Token;
* 20 characters and more of hexadecimal or base64url with letters and digits
  mixed, UUIDs among them: who holds the link is let in, and nothing tells such
  a one from an order's number;
* what follows a word like ``reset``, ``token`` or ``invite`` as the next part
  of a path, or behind ``=``, from 8 characters on if it holds a digit;
* what stands behind ``;jsessionid=`` and its like;
* an e-mail address, and the user and password of an URL.

Titles (``how-to-install-python-3-12-on-debian``) and file names stay. A secret of
letters only, or shorter than all that, is not told from a word. No clock.
"""

from __future__ import annotations

import re
from itertools import pairwise

HIDDEN = "***"
"""What stands for what is hidden."""

MIN_TOKEN = 20
"""Characters from which letters and digits in a jumble are taken for a token."""

MIN_SECRET = 8
"""Characters from which they are behind a word that announces a secret."""

_ANNOUNCE = frozenset({
    "access", "access_token", "activate", "activation", "api_key", "apikey", "auth", "bearer",
    "basic", "capability", "code", "confirm", "confirmation", "hash", "invitation", "invite",
    "jsessionid", "jwt", "key", "login", "magic", "one-time", "otp", "pass", "password",
    "password-reset", "password_reset", "phpsessid", "private", "pwd", "recover", "reset",
    "reset-password", "secret", "session", "sessionid", "share", "shared", "sid", "sig",
    "signature", "sso", "ticket", "token", "unsubscribe", "verification", "verify",
})  # fmt: skip

_USERINFO = re.compile(r"(?<=://)[^/?#@\s\"]++@")
_RUN = re.compile(r"(?<![\w.+~-])[\w.+~-]++(?:@[\w.-]++)?", re.ASCII)
_ESCAPED = re.compile(r"%(?:2[Ff]|3[BbDd]|40)")


def discreet(text: str, *, mail: bool = True) -> str:
    """The text without what looks like a secret; with `mail` without e-mail addresses too."""
    if "%" in text:
        text = _ESCAPED.sub(lambda found: chr(int(found[0][1:], 16)), text)
    if "://" in text:
        text = _USERINFO.sub(lambda found: HIDDEN[: len(found[0]) - 1] + "@", text)
    shown: list[str] = []
    announced = ""
    end = 0
    for run in _RUN.finditer(text):
        between = text[end : run.start()]
        word = run[0]
        follows = between in ("/", "=", ":", " ")
        shown += (between, _hidden(word, follows and announced in _ANNOUNCE, mail=mail))
        announced, end = word.lower(), run.end()
    return "".join(shown) + text[end:]


def _hidden(word: str, announced: bool, *, mail: bool) -> str:
    if "@" in word:
        return HIDDEN if mail else word
    if len(word) < MIN_SECRET:
        return word
    if announced and any(map(str.isdigit, word)):
        return HIDDEN
    if len(word) < MIN_TOKEN:
        return word
    if word.startswith("eyJ"):
        return HIDDEN
    # A file's kind stays: it is a picture, whichever.
    stem, dot, kind = word.rpartition(".")
    if dot and len(kind) <= 5 and kind.isalnum():
        return f"{HIDDEN}.{kind}" if _jumbled(stem) else word
    return HIDDEN if _jumbled(word) else word


def _jumbled(word: str) -> bool:
    """Whether letters and digits follow each other as nobody would write them.

    Changes between letter and digit, and from lower to upper case, are counted:
    a title has one where a number stands in it, 20 random characters have eight.
    """
    if len(word) < MIN_TOKEN or not any(map(str.isdigit, word)):
        return False
    if not any(map(str.isalpha, word)):
        return False
    if not word.lower().replace("-", "").strip("0123456789abcdef"):
        return True
    changes = 0
    for last, char in pairwise(word):
        changes += (last.isalpha() and char.isdigit()) or (last.isdigit() and char.isalpha())
        changes += last.islower() and char.isupper()
    return changes >= (2 if word.isalnum() else 3)
