"""What keeps lines from being read and counted, each with the lines to paste that mend it.

Theory: a line is counted when a server writes it to where a source reads, the
daemon runs, and may read there. Each function judges one link of this chain
from facts handed in; nothing is opened or asked here. The first link, the
server's own configuration, is `logmond.interfaces.pointing`.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from logmond.errors import FormatError
from logmond.ingest.formats.compiled import Format, TextFormat
from logmond.ingest.formats.table import format_of
from logmond.telemetry import span, visible

MOST_UNPARSED = 0.01
"""A larger share of lines that no format takes is a fault."""


_GENERATED = ("udp://", "tcp://", "unixgram://")
"""Where `logmond generate` can send to."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: `kind` is "ok", "note" or "fix"; a fix has lines to paste."""

    kind: str
    text: str
    fix: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """One configured source: where it listens (URLs), and the files or globs it follows.

    `formats` are those it reads; by default those of ``auto``.
    """

    name: str
    listen: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    formats: tuple[Format, ...] = field(default_factory=lambda: tuple(format_of("auto")))

    def takes(self, spec: str) -> bool:
        """Whether it counts lines of this format as that format says."""
        try:
            (wanted,) = format_of(spec)
        except FormatError:
            return False
        return any(_counting(fmt) == _counting(wanted) for fmt in self.formats)


def _counting(fmt: Format) -> tuple[object, ...]:
    """What two formats have in common that count every line alike."""
    read = fmt.pattern if isinstance(fmt, TextFormat) else fmt.name
    return read, fmt.fields, fmt.time_kind, fmt.duration_unit


def rendered(findings: Sequence[Finding]) -> Iterator[str]:
    """The report, line by line."""
    for finding in findings:
        yield visible(f"{finding.kind:4}  {finding.text}")
        for line in finding.fix:
            yield visible(f"          {line}")
    faults = sum(finding.kind == "fix" for finding in findings)
    yield "all is well" if not faults else f"{faults} to fix"


def about_files(
    readings: Sequence[Reading], refused: Sequence[tuple[str, str, str]], user: str
) -> Iterator[Finding]:
    """Whether `user` can read what the sources follow.

    Args:
        refused: (source, reason, command that helps or "") of every file it cannot.
        user: by name.
    """
    for name, reason, help_ in refused:
        yield Finding("fix", f"source {name}: {reason}", (help_,) if help_ else ())
    followed = [reading.name for reading in readings if reading.files]
    bad = {name for name, _, _ in refused}
    well = [name for name in followed if name not in bad]
    if well:
        service = "; the service is not root: --user logmond" if user == "root" else ""
        yield Finding("ok", f"user {user} can read the files of {', '.join(well)}{service}")


def about_no_daemon(address: str, why: str, config: str | None) -> Finding:
    """There is nobody to ask what arrives."""
    run = f"logmond run -c {shlex.quote(config)}" if config else "logmond run"
    return Finding(
        "fix",
        f"no daemon answers at {address} ({why}); is its admin port elsewhere (--admin)?",
        ("systemctl start logmond", f"# or, in the foreground: {run}"),
    )


def about_arriving(
    readings: Sequence[Reading], sources: Sequence[Mapping[str, Any]], status: Mapping[str, Any]
) -> Iterator[Finding]:
    """Whether anything arrives, source by source.

    Args:
        readings: what the configuration says.
        sources: what ``json sources`` says.
        status: what ``json status`` says.
    """
    yield Finding(
        "ok", f"logmond {status['version']} runs on {status['node']} for {span(status['uptime_s'])}"
    )
    yield from _about_history(status.get("history") or {})
    known = {source["name"]: source for source in sources}
    for reading in readings:
        source = known.get(reading.name)
        if source is None:
            yield Finding(
                "fix",
                f"source {reading.name}: the daemon does not know it; it runs with another "
                "configuration, or an older one",
                ("logmond ctl reload",),
            )
            continue
        yield from _about_source(reading, source, status)


def about_state(path: str, problem: str) -> Finding:
    """A state file that is there and cannot be used."""
    folder = shlex.quote(os.path.dirname(path) or ".")
    return Finding("fix", problem, (f"ls -l {shlex.quote(path)}", f"df -h {folder}"))


def _about_history(history: Mapping[str, Any]) -> Iterator[Finding]:
    """What the daemon says of its state file."""
    if history.get("problem"):
        yield Finding("fix", history["problem"], ("logmond ctl status",))
    if history.get("damaged"):
        yield Finding("note", f"{history['damaged']:,} damaged rows of the history are left out")
    if history.get("crowded_out"):
        yield Finding(
            "note",
            f"the history begins at {history['since']}: history.max_size is reached, the oldest "
            "goes ahead of history.keep",
        )


def _about_source(
    reading: Reading, source: Mapping[str, Any], status: Mapping[str, Any]
) -> Iterator[Finding]:
    name, received, counted = source["name"], source["received"], source["counted"]
    title = f"source {name}: "
    if source["kernel_drops"]:
        yield Finding(
            "fix",
            f"{title}the kernel dropped {source['kernel_drops']:,} datagrams, its buffer was full",
            ("sysctl -w net.core.rmem_max=8388608", "systemctl restart logmond"),
        )
    if source["state"] == "degraded" and received in (0, counted):
        reasons = [r for r in status["reasons"] if r.startswith(f"source {name} ")]
        text = reasons[0] if reasons else f"{title}degraded"
        yield Finding("fix", text, (f"logmond ctl sources {name}",))
        return
    if not received:
        # A file that is followed from its end may just see no requests.
        quiet = not reading.listen and source["state"] == "ok"
        yield Finding(
            "note" if quiet else "fix",
            f"{title}nothing has arrived yet",
            tuple(_trial(reading)),
        )
        return
    rejected = source["unparsed"] + source["oversize"] + source["cut"]
    sample = next((lines[-1] for lines in source["samples"].values() if lines), "")
    trial = (f"printf '%s\\n' {shlex.quote(sample)} | logmond parse --explain",) if sample else ()
    if not counted:
        yield Finding(
            "fix",
            f"{title}{received:,} lines arrived and none was counted ({rejected:,} could not be "
            f"read, {source['filtered']:,} filtered)",
            trial or (f"logmond ctl sources {name}",),
        )
        return
    if rejected > MOST_UNPARSED * received:
        yield Finding("fix", f"{title}{rejected:,} of {received:,} lines could not be read", trial)
        return
    yield Finding(
        "ok",
        f"{title}{counted:,} lines counted, {source['lines_per_second']:.1f} a second, the last "
        f"at {source['last_line_at']}",
    )


def _trial(reading: Reading) -> Iterator[str]:
    """How to see by hand whether a line gets through."""
    target = next((url for url in reading.listen if url.startswith(_GENERATED)), None)
    if target is not None:
        to = target.replace("//*:", "//localhost:")
        yield "# two lines made up, to see whether any arrive:"
        yield f"logmond generate --rate 1 --seconds 2 --to {to}"
    for path in reading.files:
        yield f"ls -l {path if '*' in path else shlex.quote(path)}"
    yield f"logmond ctl sources {reading.name}"
