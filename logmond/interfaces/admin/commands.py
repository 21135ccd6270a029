"""The table of admin commands: one line each. `help` is made from it."""

from __future__ import annotations

from collections.abc import Iterator

from logmond.errors import QueryError
from logmond.interfaces.admin.answer import Answer
from logmond.interfaces.admin.command import Asked, Command
from logmond.interfaces.admin.text import table
from logmond.interfaces.admin.verbs import daemon, incidents, outputs, people, sources, traffic
from logmond.interfaces.admin.words import quoted
from logmond.suggest import meant


def run_help(asked: Asked) -> Answer:
    """``help [COMMAND]``."""
    chosen = tuple(COMMANDS.values())
    if asked.words:
        chosen = (find(asked.words[0]),)
    data = [
        {"command": c.name, "usage": c.usage, "what": c.what, "example": c.example} for c in chosen
    ]
    return Answer(data, _one(chosen[0]) if asked.words else _overview())


def _overview() -> Iterator[str]:
    rows = [(command.name, command.what, command.example) for command in COMMANDS.values()]
    yield from table(("command", "what it does", "for example"), rows, "<<<")
    yield "DIM is path, client, referrer, user_agent, section, status, method, vhost"
    yield 'or source; WINDOW 90s, 5m, 1h. "help COMMAND" shows all it takes.'


def _one(command: Command) -> Iterator[str]:
    yield command.usage
    yield f"  {command.what}, for example: {command.example}"


HELP = Command("help", "help [COMMAND]", "this table, or one command", "help stats", run_help)
WATCH = Command("watch", "watch", "events as they happen, Enter ends", "watch")
JSON = Command("json", "json COMMAND", "the same as one line of JSON", "json stats 5m")
AUTH = Command("auth", "auth TOKEN", "allow ack, silence and reload", "auth 4f1c...")
QUIT = Command("quit", "quit", "close the connection", "quit")

COMMANDS = {
    command.name: command
    for command in (
        HELP,
        daemon.STATUS,
        traffic.STATS,
        traffic.TOP,
        sources.SOURCES,
        sources.LOSS,
        incidents.RULES,
        incidents.INCIDENTS,
        incidents.INCIDENT,
        people.ACK,
        people.UNACK,
        people.SILENCE,
        WATCH,
        sources.PARSE,
        sources.SAMPLES,
        outputs.OUTPUTS,
        outputs.TEST_OUTPUT,
        daemon.CONFIG,
        daemon.RELOAD,
        JSON,
        AUTH,
        daemon.VERSION,
        QUIT,
    )
}


def find(name: str) -> Command:
    """The command of a name, in any case.

    Raises:
        QueryError: there is none; names the likely one.
    """
    command = COMMANDS.get(name.lower())
    if command is None:
        hint = meant(name, COMMANDS) or '; type "help"'
        raise QueryError("unknown_command", f"unknown command {quoted(name)}{hint}")
    return command
