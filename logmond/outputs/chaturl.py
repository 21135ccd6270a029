"""Apprise's URLs: what one names, why it cannot be used, and what of it must not be shown.

Apprise is optional and loads here, when a configuration first names it; its
services take about 25 MiB. Nothing is sent.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from threading import get_ident
from typing import Any
from urllib.parse import unquote

from logmond.extras import needs
from logmond.outputs.hiding import hidden, parts

_KEPT_LINES = 5
_LONGEST_LINE = 300

# Apprise's own way to hide: the first and the last character stay.
_SHORTENED = re.compile(r"(?<![\w.])[^\s/:@.]\.\.\.[^\s/:@.](?![\w.])")


class UnusableUrl(ValueError):
    """Apprise cannot use a URL; the message holds nothing of it but scheme and host."""


@cache
def library() -> Any:
    """The package, its services loaded. Raises UnusableUrl where it is not installed."""
    try:
        with warnings.catch_warnings():
            # What its many services import is not ours to judge.
            warnings.simplefilter("ignore")
            apprise: Any = import_module("apprise")
            apprise.manager_plugins.NotificationManager().schemas()
    except ImportError as error:
        raise UnusableUrl(needs("an output of type apprise", "notify")) from error
    return apprise


def scheme_of(url: str) -> str:
    """What stands before ``://``, in lower case; empty where nothing does."""
    found = re.match(r"([A-Za-z0-9]{1,32})://", url)
    return found[1].lower() if found else ""


def schemes() -> list[str]:
    """Every scheme Apprise knows. Raises UnusableUrl where it is not installed."""
    return sorted(library().manager_plugins.NotificationManager().schemas())


def service(url: str) -> Any:
    """The service of Apprise that a URL names, fresh; it belongs to one thread.

    Raises:
        UnusableUrl: no such service, parts missing or malformed, or a package
            of Python that it needs is not installed.
    """
    apprise = library()
    # Nothing is kept on disk: the daemon's directories are its own business.
    asset = apprise.AppriseAsset(
        app_id="logmond",
        app_desc="logmond",
        app_url="",
        async_mode=False,
        storage_mode=apprise.PersistentStoreMode.MEMORY,
    )
    with captured() as said:
        try:
            made = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=False)
        except Exception as error:  # each service checks its parts in its own way
            raise UnusableUrl(_refusal(url, [str(error)])) from None
    if made is None:
        raise UnusableUrl(_refusal(url, said))
    if "overflow=" not in url:
        # Beyond a service's limit its own answer is a refusal, at every attempt.
        made.overflow_mode = apprise.OverflowMode.TRUNCATE
    return made


def _refusal(url: str, said: list[str]) -> str:
    scheme = scheme_of(url)
    known = library().manager_plugins.NotificationManager()
    if scheme in known.schemas() and not known[scheme].enabled:
        needed = known[scheme].requirements.get("packages_required") or ()
        packages = [needed] if isinstance(needed, str) else list(needed)
        more = f": pip install '{' '.join(packages)}'" if packages else " on this system"
        return f"{scheme}:// cannot be used{more}"
    shape = _shape(known[scheme], scheme) if scheme in known.schemas() else ""
    if scheme in ("http", "https"):
        shape = "; an output of type webhook posts JSON to any server"
    why = "; ".join(redacted(line, url) for line in said[:1])
    return f"Apprise cannot use this {scheme}:// URL" + (f" ({why})" if why else "") + shape


def _shape(plugin: Any, scheme: str) -> str:
    """What a URL of a service looks like, as Apprise itself writes it down."""
    form = plugin.templates[0].replace("{schema}", scheme) if plugin.templates else ""
    return f"; one is like {form}" if form else ""


def redacted(text: str, url: str) -> str:
    """A text on one line without the parts of a URL, except the host where it is no secret."""
    secrets = parts(url.partition("://")[2] or url) - _public(url)
    text = _SHORTENED.sub("***", hidden(text, secrets))
    return " ".join(text.split())[:_LONGEST_LINE]


def _public(url: str) -> set[str]:
    """Parts of a URL that may be shown: its host and port, where that is what the service says."""
    try:
        known = library().manager_plugins.NotificationManager()
        plugin = known[scheme_of(url)]
        token = plugin.template_tokens.get("host", {"private": True})
    except (UnusableUrl, KeyError):
        return set()
    if token.get("private"):
        return set()
    authority = re.split("[/?#]", url.partition("://")[2])[0]
    host, _, port = authority.rpartition("@")[2].partition(":")
    return {host, port, unquote(host), *plugin.template_args}


class _Capture(logging.Handler):
    """What Apprise logs, by the thread that made it."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[int, list[str]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a warning, and what the network said; the rest of its debugging is of no use."""
        kept = self.lines.get(get_ident())
        if kept is None or len(kept) >= _KEPT_LINES:
            return
        text = record.getMessage()
        if record.levelno >= logging.WARNING or "Exception" in text:
            kept.append(text)


_capture = _Capture()


@contextmanager
def captured() -> Iterator[list[str]]:
    """What Apprise says in this thread while the block lasts; secrets included."""
    logger = logging.getLogger("apprise")
    if _capture not in logger.handlers:
        # Its debugging tells why a connection failed, and must go nowhere else.
        logger.addHandler(_capture)
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
    lines: list[str] = []
    outer = _capture.lines.get(get_ident())
    _capture.lines[get_ident()] = lines
    try:
        yield lines
    finally:
        if outer is None:
            del _capture.lines[get_ident()]
        else:
            _capture.lines[get_ident()] = outer
