"""Whether the TLS records of a connection were whole when it ended. Pure.

A connection may break within a record. What that held is never decrypted, so
no message can be shown; that there was one must not be lost.
"""

from __future__ import annotations

_HEADER_BYTES = 5  # type, version, length (RFC 8446, section 5.1)


class Records:
    """Follows the headers of records through the bytes of one direction."""

    __slots__ = ("_header", "_missing")

    def __init__(self) -> None:
        self._header = b""
        self._missing = 0

    @property
    def unfinished(self) -> bool:
        """Whether the bytes end within a record."""
        return bool(self._missing or self._header)

    def feed(self, data: bytes) -> None:
        """Take the bytes that follow."""
        place, end = 0, len(data)
        while place < end:
            if self._missing:
                step = min(self._missing, end - place)
                self._missing -= step
                place += step
                continue
            wanted = _HEADER_BYTES - len(self._header)
            self._header += data[place : place + wanted]
            place += wanted
            if len(self._header) == _HEADER_BYTES:
                self._missing = int.from_bytes(self._header[3:])
                self._header = b""
