"""Where the programs of other projects are that the tests drive. Nothing is started here."""

from __future__ import annotations

import os
import shutil

_SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/sbin"


def program(name: str) -> str | None:
    """The path of a program, or None where the machine has none.

    Servers live in sbin, which is not on everybody's PATH. A variable
    ``LOGMOND_<NAME>`` (``LOGMOND_SYSLOG_NG=/opt/sng/usr/sbin/syslog-ng``)
    names one that is unpacked somewhere else; it wins.
    """
    override = os.environ.get("LOGMOND_" + name.upper().replace("-", "_").replace(".", "_"))
    if override:
        return override if os.access(override, os.X_OK) else None
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:{_SYSTEM_PATH}")


def required() -> bool:
    """Whether a missing program fails a test rather than skip it (as CI wants it)."""
    return os.environ.get("LOGMOND_REQUIRE_PEERS") == "1"
