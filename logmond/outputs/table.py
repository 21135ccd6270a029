"""The kinds of output by the name they have in the configuration (``type: console``)."""

from __future__ import annotations

from importlib import import_module
from typing import Any

OUTPUTS = {
    "console": "logmond.outputs.console:Console",
    "file": "logmond.outputs.logfile:LogFile",
}
"""Name to "module:Class"; the module is imported when it is asked for."""


def output_class(kind: str) -> Any:
    """The class of a kind of output. Raises KeyError for an unknown one."""
    module, _, name = OUTPUTS[kind].partition(":")
    return getattr(import_module(module), name)
