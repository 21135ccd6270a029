"""What people decide: `ack`, `unack` and `silence`."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from logmond.alerts import render
from logmond.alerts.incident import Incident
from logmond.alerts.silences import Silence
from logmond.errors import QueryError
from logmond.interfaces.admin import text
from logmond.interfaces.admin.answer import Answer
from logmond.interfaces.admin.command import Asked, Command, always
from logmond.interfaces.admin.moments import beginning
from logmond.interfaces.admin.verbs import past
from logmond.interfaces.admin.words import quoted, seconds_of
from logmond.telemetry import moment


def run_ack(asked: Asked) -> Answer:
    """``ack ID NAME [comment]``; whoever is named later takes it over."""
    if len(asked.words) < 2:
        raise ACK.wrong("whose name?" if asked.words else "which incident?")
    which, who, *comment = asked.words
    alerts = asked.surface.alerts
    found = alerts.find(which)
    before = found.acknowledged
    alerts.acknowledge(found.id, who, " ".join(comment))
    after = f" after {before.who}" if before is not None and before.who != who else ""
    return Answer(_event(found), [f"{found.short_id} {found.rule} acknowledged by {who}{after}"])


def run_unack(asked: Asked) -> Answer:
    """``unack ID``."""
    if not asked.words:
        raise UNACK.wrong("which incident?")
    alerts = asked.surface.alerts
    found = alerts.find(" ".join(asked.words))
    alerts.release(found.id)
    return Answer(_event(found), [f"{found.short_id} {found.rule} is nobody's now"])


def _event(incident: Incident) -> msgspec.Raw:
    return msgspec.Raw(render.encoded(incident.as_event()))


def run_silence(asked: Asked) -> Answer:
    """``silence list [all]``, ``silence add RULE 2h ...``, ``silence remove ID``."""
    verb, *words = asked.words or ("list",)
    match verb.lower(), words:
        case "list", []:
            return _silences(asked.surface.alerts.silences(), int(asked.surface.now()))
        case "list", [word] if word.lower() == "all":
            return past.silences(asked)
        case "add", [rule, length, *rest]:
            return _silence(asked, rule, length, rest)
        case "remove", [silence]:
            gone = asked.surface.alerts.unsilence(silence)
            return Answer({"removed": gone.id}, [f"silence {gone.id} of {gone.target} removed"])
    raise SILENCE.wrong()


def _silence(asked: Asked, target: str, length: str, rest: Sequence[str]) -> Answer:
    rule, group = target_of(target)
    since, comment = beginning(rest, int(asked.surface.now()))
    made = asked.surface.alerts.silence(
        rule, seconds_of(length), " ".join(comment), asked.peer, group=group, since=since
    )
    start = f"from {moment(made.since)} " if since is not None else ""
    told = f"{made.target} is silent {start}until {moment(made.until)}"
    return Answer(past.silence_data(made), [f"{told}; silence remove {made.id} ends that"])


def target_of(word: str) -> tuple[str, dict[str, str]]:
    """The rule and the group of ``errors{vhost=shop,section=/api}``.

    Raises:
        QueryError: the braces hold something else.
    """
    rule, brace, inside = word.partition("{")
    if not brace:
        return rule, {}
    if not inside.endswith("}") or not rule:
        raise QueryError("bad_arguments", f"{quoted(word)} is not like errors{{vhost=shop}}")
    group: dict[str, str] = {}
    for part in inside[:-1].split(","):
        name, equals, value = part.partition("=")
        if not equals or not name or not value:
            raise QueryError("bad_arguments", f"{quoted(part)} is not like vhost=shop")
        group[name.strip()] = value
    return rule, group


def _silences(found: Sequence[Silence], now: int) -> Answer:
    rows = [
        (
            silence.id,
            silence.target,
            moment(silence.since) if silence.since > now else "",
            moment(silence.until),
            silence.who,
            silence.comment,
        )
        for silence in found
    ]
    begins = "from" if any(row[2] for row in rows) else ""
    header = ("id", "rule", begins, "until", "by", "comment" if any(row[5] for row in rows) else "")
    lines = text.table(header, rows, "<<<<<<") if rows else ["nothing is silenced"]
    return Answer([past.silence_data(silence) for silence in found], lines)


ACK = Command(
    "ack", "ack ID NAME [comment]", "say that you are on it", "ack 9f3c21ab eva", run_ack, always
)
UNACK = Command("unack", "unack ID", "say that nobody is", "unack 9f3c21ab", run_unack, always)
SILENCE = Command(
    "silence",
    "silence list [all] | add RULE[{dim=value}] 2h [from 22:00] [why] | remove ID",
    "keep a rule quiet for a while",
    "silence add high-traffic 2h",
    run_silence,
    writes=lambda words: bool(words) and words[0].lower() != "list",
)
