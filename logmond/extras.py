"""Packages that are installed only when asked for, and how to ask. Imports none of them."""

from __future__ import annotations

import sys


def needs(what: str, extra: str) -> str:
    """What a message says where `what` needs an extra that is not installed.

    logmond is installed from its source, by make or by pip: that a package
    index has one of its name, and a shell the pip of this environment, is not said.
    """
    return (
        f"{what} needs the extra {extra}; in logmond's source: make install EXTRAS={extra}, "
        f"or {sys.executable} -m pip install '.[{extra}]'"
    )
