"""Where the programs of other projects are that the tests drive, and what the caller asks of them.

Nothing is started here.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/sbin"

_settings: dict[str, str] = {}


def take_settings() -> None:
    """Take the tests' own LOGMOND_ variables out of the environment, once, at the start.

    A daemon started by a test would inherit them, and refuse what it does not know.
    """
    for name in [name for name in os.environ if name.startswith("LOGMOND_")]:
        _settings[name] = os.environ.pop(name)


def program(name: str) -> str | None:
    """The path of a program, or None where the machine has none.

    A name that ends in ``.so`` is that of a module which a program loads.

    Servers live in sbin, which is not on everybody's PATH. A variable
    ``LOGMOND_<NAME>`` (``LOGMOND_SYSLOG_NG=/opt/sng/usr/sbin/syslog-ng``)
    names one that is unpacked somewhere else; it wins.
    """
    override = _settings.get("LOGMOND_" + name.upper().replace("-", "_").replace(".", "_"))
    if override:
        return override if os.access(override, os.X_OK) else None
    if name.endswith(".so"):
        return next(map(str, Path("/usr/lib").glob(f"*/*/{name}")), None)
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:{_SYSTEM_PATH}")


def required() -> bool:
    """Whether a missing program fails a test rather than skip it (as CI wants it)."""
    return _settings.get("LOGMOND_REQUIRE_PEERS") == "1"


def soaking() -> bool:
    """Whether tests of faults run in their long form (``make soak``)."""
    return _settings.get("LOGMOND_SOAK") == "1"
