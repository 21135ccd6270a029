"""What is legal and will not work: rules that can never fire, sources read twice.

Nothing here opens a file or asks the machine anything; see `readable` for that.
A finding is a path and a message, and never stops a start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import combinations

from logmond.alerts.rule import METRICS
from logmond.config import notify, plausible
from logmond.config.places import Path
from logmond.config.rule import RuleConfig
from logmond.config.schema import Config
from logmond.config.source import SourceConfig
from logmond.config.units import shown
from logmond.frame.selector import match
from logmond.ingest.formats.compiled import Format
from logmond.suggest import hint

Finding = tuple[Path, str]

_BASELINE_S = 15 * 86400
"""History a baseline reaches back to: 14 days, and some minutes."""

_ADDITIONS = {
    "duration": "no source carries a duration; add $request_time (nginx) or %D (Apache)",
    "vhost": "no source carries a virtual host; add $host (nginx) or %v (Apache)",
    "user_agent": "no source carries a user agent; use a combined format",
    "referrer": "no source carries a referrer; use a combined format",
}


def findings(config: Config) -> Iterator[Finding]:
    """Everything that stands out, rules first."""
    for index, rule in enumerate(config.rules):
        for message in _about_rule(rule, config):
            yield ("rules", index), f"{rule.name}: {message}"
    yield from plausible.findings([rule.build() for rule in config.rules])
    yield from _labels(config)
    yield from _read_twice(config)
    yield from _written_twice(config)
    for index, source in enumerate(config.sources):
        for message in _about_source(source):
            yield ("sources", index), f"{source.name}: {message}"
    yield from notify.findings(config.outputs, [rule.name for rule in config.rules])
    admin = config.admin
    if admin.insecure and not admin.token and not admin.listen.loopback:
        yield (
            ("admin", "insecure"),
            f"anybody who reaches {admin.listen} can silence alerts; set token_file",
        )


def _about_rule(rule: RuleConfig, config: Config) -> Iterator[str]:
    """Why a rule will never say anything, or not what was meant."""
    sources = [source for source in config.sources if _reads(rule, source)]
    if not sources:
        names = [source.name for source in config.sources]
        wanted = rule.where.values("source")
        yield f"no source is named {shown(wanted[0])}{hint(wanted[0], names)}"
        return
    yield from _missing_fields(rule, sources, config)
    yield from _unmatchable(rule, config)
    metric = METRICS[rule.metric]
    if metric.name == "kernel_drops" and not any(
        address.scheme == "udp" for source in sources for address in source.listen
    ):
        yield "no source listens on udp://, where the kernel drops datagrams"
    if rule.min_hits and not metric.needs_hits and not rule.baseline:
        yield "min_hits has no effect; it is for ratios and percentiles"
    if (rule.below or rule.below_baseline) and "no_data" not in rule.model_fields_set:
        yield ("a below rule says nothing while its source is broken; add no_data: alert")
    if metric.kind == "ratio" and "status" in {*rule.where.dimensions, *rule.group_by}:
        yield "selects by status, which is what the ratio measures"
    yield from _baseline(rule, config)
    limits = rule.above or rule.below or rule.above_baseline or rule.below_baseline or ()
    if "severity" in rule.model_fields_set and limits and limits[0][0]:
        yield "severity has no effect; every limit has its own"


def _baseline(rule: RuleConfig, config: Config) -> Iterator[str]:
    """What a rule with a baseline will not know."""
    if not rule.baseline:
        return
    if config.history.path is None:
        yield (
            "without history only the last 3 hours are known, and nothing after a restart; "
            "set history.url"
        )
    elif config.history.keep_s < _BASELINE_S:
        yield "looks at the same time on the last 14 days; history.keep under 15d forgets some"
    if not rule.min_hits:
        yield "with min_hits: 0 a few requests at night are many times the usual"


def _reads(rule: RuleConfig, source: SourceConfig) -> bool:
    wanted = rule.where.values("source")
    return not wanted or any(match("source", pattern, source.name) for pattern in wanted)


def _missing_fields(rule: RuleConfig, sources: list[SourceConfig], config: Config) -> Iterator[str]:
    used = {*rule.where.dimensions, *rule.group_by}
    wanted = [field for field in ("vhost",) if field in used]
    if METRICS[rule.metric].kind == "duration":
        wanted.insert(0, "duration")
    for name, label in config.stats.labels.items():
        # What no source at all carries is told of the label itself.
        if name in used and _carried(label.field, list(config.sources)):
            wanted.append(label.field)
    for field in dict.fromkeys(wanted):
        if field in _ADDITIONS and not _carried(field, sources):
            yield _ADDITIONS[field]


def _carried(field: str, sources: list[SourceConfig]) -> bool:
    """Whether a line of any of these sources can hold a field."""
    return any(field in form.fields for source in sources for form in source.formats())


def _unmatchable(rule: RuleConfig, config: Config) -> Iterator[str]:
    """Patterns of `where` that no value can match."""
    for dimension, patterns in rule.where.where:
        for pattern in patterns:
            plain = not set("*?") & set(pattern)
            about = _UNMATCHABLE.get(dimension)
            label = config.stats.labels.get(dimension)
            if pattern == "-":
                continue
            if about is not None:
                if message := about(pattern, plain):
                    yield message
            elif label is not None and not _has(dimension, pattern, label.contains):
                yield (
                    f"label {dimension} has no value {shown(pattern)}"
                    f"{hint(pattern, label.contains)}"
                )


def _has(label: str, pattern: str, values: Iterable[str]) -> bool:
    """Whether a label can have a value that matches."""
    return any(match(label, pattern, value) for value in (*values, "-"))


def _vhost(pattern: str, plain: bool) -> str | None:
    if "/" in pattern:
        return "a virtual host is a name alone, without scheme and path"
    host, colon, port = pattern.rpartition(":")
    if colon and port.isdigit() and "]" not in port:
        return f"virtual hosts are counted without their port: {host}"
    if any("A" <= char <= "Z" for char in pattern):
        return f"virtual hosts are counted in lower case: {pattern.lower()}"
    return None


def _section(pattern: str, plain: bool) -> str | None:
    if pattern[:1] not in ("/", "*", "?", "("):
        return f'a section begins with a slash: "/{pattern}"'
    # A leading * may stand for nothing; whatever else does has a slash behind it in vain.
    rest = pattern.lstrip("*")
    if "/" in rest[1:]:
        first = pattern[: pattern.index("/", len(pattern) - len(rest) + 1)]
        return f"a section ends before its second slash: {pattern} is in {first}"
    return None


def _status(pattern: str, plain: bool) -> str | None:
    if plain and len(pattern) == 3 and pattern.isdigit() and pattern[0] == "0":
        return f'{pattern} is counted as no status: "-"'
    classes = len(pattern) == 3 and pattern[0] in "12345" and pattern.endswith("xx")
    digits = len(pattern) == 3 and pattern.isdigit()
    if not plain or classes or digits:
        return None
    return f"no status is {shown(pattern)}; it is like 404, 5xx or 40*"


def _method(pattern: str, plain: bool) -> str | None:
    if pattern != pattern.upper():
        return f"methods are upper case: {pattern.upper()}"
    if plain and not pattern.isalpha():
        return f"no method is {shown(pattern)}; several are a list: [GET, POST]"
    return None


_UNMATCHABLE: dict[str, Callable[[str, bool], str | None]] = {
    "vhost": _vhost,
    "section": _section,
    "status": _status,
    "method": _method,
}


def _labels(config: Config) -> Iterator[Finding]:
    for name, label in config.stats.labels.items():
        if label.field in _ADDITIONS and not _carried(label.field, list(config.sources)):
            yield ("stats", "labels", name), f"{name}: {_ADDITIONS[label.field]}"


def _read_twice(config: Config) -> Iterator[Finding]:
    """Addresses and files that stand in the configuration more than once."""
    listeners = [
        (("sources", index, "listen", number), source.name, address)
        for index, source in enumerate(config.sources)
        for number, address in enumerate(source.listen)
    ]
    for (_, first, address), (path, second, other) in combinations(listeners, 2):
        if address.overlaps(other):
            yield path, f"{second}: {other} is taken by source {first} ({address})"
    for path, name, address in listeners:
        if address.overlaps(config.admin.listen):
            yield path, f"{name}: {address} is taken by admin.listen ({config.admin.listen})"
    first_reader: dict[str, str] = {}
    for index, source in enumerate(config.sources):
        for number, pattern in enumerate(source.files):
            if pattern in first_reader:
                yield (
                    ("sources", index, "files", number),
                    f"{source.name}: {pattern} is read by source {first_reader[pattern]} already",
                )
            first_reader.setdefault(pattern, source.name)


def _written_twice(config: Config) -> Iterator[Finding]:
    """Files to which two outputs write: every event stands there twice."""
    first_writer: dict[str, str] = {}
    for index, output in enumerate(config.outputs):
        if output.type != "file":
            continue
        if output.path in first_writer:
            told = f"{output.name}: {output.path} is written by {first_writer[output.path]} already"
            yield ("outputs", index, "path"), told
        first_writer.setdefault(output.path, output.name)


def _about_source(source: SourceConfig) -> Iterator[str]:
    if source.accept.tag is not None and not source.listen:
        yield "accept.tag filters every line that has no syslog header"
    if source.trusted_proxies and not any(map(_forwards, source.formats())):
        yield (
            "trusted_proxies has no effect: its format logs no forwarded address; "
            "add $http_x_forwarded_for (nginx) or %{X-Forwarded-For}i (Apache)"
        )
    for pattern in source.files:
        if not pattern.startswith("/"):
            yield f"{pattern} depends on the directory the daemon is started in; write it from /"


def _forwards(form: Format) -> bool:
    """Whether lines of a format say whom a proxy asked for, be it in the client's place."""
    return form.forwarding() is not form or "forwarded" in form.shape.lower()
