"""The URL of a web server that is told, read strictly. Pure; nothing is resolved."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from logmond.outputs.guard import refusal

# Labels of 1 to 63 characters (RFC 1035, section 2.3.4): resolvers choke on others.
_LABEL = "[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*\.?")
_ADDRESS = re.compile(r"[0-9.]+|.*:.*")


@dataclass(frozen=True, slots=True)
class WebUrl:
    """A URL: `host` in lower case without brackets, `path` with the query."""

    secure: bool
    host: str
    port: int
    path: str

    @property
    def numeric(self) -> bool:
        """Whether the host is an address."""
        return _ADDRESS.fullmatch(self.host) is not None

    @property
    def refusal(self) -> str | None:
        """Why it is not sent to; None for public addresses, and for names but ``localhost``."""
        name = self.host.rstrip(".")
        if name == "localhost" or name.endswith(".localhost"):
            return "loopback"
        return refusal(self.host) if self.numeric else None

    @property
    def authority(self) -> str:
        """Host and port as the header ``Host`` has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


def parse(url: str) -> WebUrl:
    """Read a URL; messages do not quote it, because it may hold a token.

    Raises:
        ValueError: it is none that can be posted to.
    """
    if not url.isascii() or re.search(r"[\s\\]", url):
        raise ValueError("must be a URL of ASCII characters without spaces and backslashes")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("is no URL; https://HOST/PATH is one") from None
    if parts.scheme not in ("http", "https"):
        raise ValueError("must begin with https:// or http://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a user or password; set the header Authorization")
    if parts.fragment:
        raise ValueError('must not hold a fragment ("#...")')
    host = (parts.hostname or "").lower()
    secure = parts.scheme == "https"
    if port == 0:
        raise ValueError("must not have port 0")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    found = WebUrl(secure, host, port or (443 if secure else 80), path)
    if not found.numeric and not _HOST.fullmatch(host):
        raise ValueError("needs a host: https://HOST/PATH")
    try:
        # Also tells numbers that some resolvers take for addresses: 127.1, 2130706433.
        _ = found.refusal
    except ValueError:
        raise ValueError("has a host that is neither a name nor a complete IP address") from None
    return found
