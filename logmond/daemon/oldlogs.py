"""Old logs and the sources of a configuration: which log is read as which, and what nobody tests.

A log belongs to the source whose `files` mean its path, rotated and compressed
or not; else to the source that was named for all others; else to the one whose
files have its name; else to the only source there is to receive lines. Failing
that it is a source by itself, in whatever format it turns out to be.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from logmond.alerts.rule import Rule
from logmond.alerts.status import RuleStatus
from logmond.config.schema import Config, SourceConfig
from logmond.errors import ConfigError, Problem
from logmond.frame.selector import Selector
from logmond.ingest.formats.compiled import Format
from logmond.ingest.formats.detection import Detection, candidates, detect
from logmond.ingest.sources.oldlog import STDIN, OldLog
from logmond.ingest.sources.patterns import covers
from logmond.ingest.sources.unrotated import unrotated
from logmond.interfaces.parsing import body_of, directed
from logmond.suggest import hint

HEAD_LINES = 200
"""Lines a format is told by."""

_SLUG = re.compile("[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Assigned:
    """A log, the source it is read as, and both in a sentence."""

    log: OldLog
    source: SourceConfig
    read_as: str

    @property
    def sentence(self) -> str:
        """Which log is read as what."""
        name = "standard input" if self.log.path == STDIN else self.log.path
        return f"{name}: source {self.source.name}, {self.read_as}"


def assigned(logs: Sequence[OldLog], config: Config, named: str | None) -> list[Assigned]:
    """Find the source of every log.

    Args:
        logs: opened.
        config: its sources are chosen from.
        named: the source of logs that no source's files mean.

    Raises:
        ConfigError: there is no source named so.
    """
    known = {source.name: source for source in config.sources}
    if named is not None and named not in known:
        raise ConfigError([Problem("--source", named, f"no such source{hint(named, known)}")])
    found = []
    for log in logs:
        source, why = _source_of(log.path, config, named)
        found.append(_read_as(log, source, why))
    return found


def not_tested(rule: Rule, sources: Collection[str]) -> str:
    """Why logs of these sources say nothing about a rule, "" if they do."""
    if rule.metric == "kernel_drops":
        return "no log tells what the kernel dropped"
    wanted = rule.selector.values("source")
    only = Selector((("source", wanted),)) if wanted else Selector()
    if not any(only.matches({"source": name}) for name in sources):
        return f"no log for source {', '.join(wanted)}"
    return ""


def unlearned(rule: Rule, statuses: Iterable[RuleStatus]) -> str:
    """Why a rule beside the usual had no limit when the logs ended, "" if it had one."""
    status = next(one for one in statuses if one.name == rule.name)
    reason = status.reason or ""
    return reason if reason.startswith("baseline not known") else ""


def _source_of(path: str, config: Config, named: str | None) -> tuple[SourceConfig, str]:
    """The source of a log, and why it is that one."""
    place = "" if path == STDIN else os.path.abspath(path)
    for source in config.sources:
        if place and any(_means(pattern, place) for pattern in source.files):
            return source, "whose files it is one of"
    by_name = {source.name: source for source in config.sources}
    if named is not None:
        return by_name[named], "as --source says"
    like = [
        source
        for source in config.sources
        if place and any(_is_called(pattern, place) for pattern in source.files)
    ]
    if len(like) == 1:
        return like[0], "whose files are called so"
    receiving = [source for source in config.sources if source.listen or source.stdin]
    if len(config.sources) == 1:
        return config.sources[0], "the only one"
    if len(receiving) == 1:
        return receiving[0], "the only one that receives lines"
    base = min(unrotated(os.path.basename(place)), key=len) if place else "stdin"
    name = _SLUG.sub("-", os.path.splitext(base)[0].lower()).strip("-")[:64] or "log"
    return SourceConfig.model_validate({"name": name, "stdin": True}), "which no rule names"


def _means(pattern: str, place: str) -> bool:
    return any(covers(os.path.abspath(pattern), name) for name in (place, *unrotated(place)))


def _is_called(pattern: str, place: str) -> bool:
    """Whether a path has the name, in another folder, that a pattern means."""
    names = map(os.path.basename, (place, *unrotated(place)))
    return any(covers(os.path.basename(pattern), name) for name in names)


def _read_as(log: OldLog, source: SourceConfig, why: str) -> Assigned:
    """Say what the format is; take what fits where a source that receives lines has another."""
    head = [body_of(line) for line in log.head()[:HEAD_LINES]]
    found = _detected(head, source.formats())
    if not found.parsed and not source.files and source.format != "auto" and head:
        other = _detected(head, candidates())
        if other.format is not None:
            source = source.model_copy(update={"format": "auto"})
            return Assigned(log, source, f"{why}; not in its format but {_told(other)}")
    spoken = "format auto: " if source.format == "auto" else "format "
    return Assigned(log, source, f"{why}; {spoken}{_told(found)}")


def _detected(head: Sequence[bytes], formats: Sequence[Format]) -> Detection:
    """What fits the lines; of a W3C log those that say what its fields are do so."""
    told = [fields for line in head if (fields := directed(formats, line)) is not None]
    if not told:
        return detect(head, formats)
    return detect([line for line in head if not line.startswith(b"#")], told[-1])


def _told(found: Detection) -> str:
    if not found.lines:
        return "no lines to tell by"
    if found.format is None:
        return f"undecided, {found.reason}"
    return f"{found.format.name}, confidence {found.confidence:.0%} of {found.lines} lines"


def sources_of(found: Sequence[Assigned]) -> list[SourceConfig]:
    """The sources that have a log, each once, as they are to be read."""
    sources: dict[str, SourceConfig] = {}
    for one in found:
        if one.source.name not in sources or one.source.format == "auto":
            sources[one.source.name] = one.source
    return list(sources.values())
