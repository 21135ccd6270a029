"""The kinds of output by the name they have in the configuration (``type: console``)."""

from __future__ import annotations

from importlib import import_module
from typing import Any

OUTPUTS = {
    "console": "logmond.outputs.console:Console",
    "file": "logmond.outputs.logfile:LogFile",
}
"""What writes at once, by name: "module:Class"; the module is imported when it is asked for."""

NOTIFIERS = {
    "webhook": "logmond.outputs.webhook:Webhook",
    "command": "logmond.outputs.command:Command",
    "apprise": "logmond.outputs.chat:Chat",
    "irc": "logmond.outputs.irc:Irc",
    "alertmanager": "logmond.outputs.alertmanager:Alertmanager",
}
"""What takes its time (`logmond.outputs.notifier.Notifier`), by name: "module:Class".

A class is called with the reactor, the name of this node, and the `settings()`
of its configuration as keyword arguments.
"""


def output_class(kind: str) -> Any:
    """The class of a kind of output. Raises KeyError for an unknown one."""
    return _class(OUTPUTS[kind])


def notifier_class(kind: str) -> Any:
    """The class of a kind of notifier. Raises KeyError for an unknown one."""
    return _class(NOTIFIERS[kind])


def _class(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
