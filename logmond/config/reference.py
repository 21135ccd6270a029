"""Writes docs/config.md from the models.

Run as ``python -m logmond.config.reference > docs/config.md``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from logmond.alerts.rule import METRICS
from logmond.config.lines import text
from logmond.config.schema import (
    AcceptConfig,
    AdminConfig,
    AlertmanagerConfig,
    AppriseConfig,
    CommandConfig,
    Config,
    ConsoleConfig,
    FileConfig,
    HeartbeatConfig,
    HistoryConfig,
    IrcConfig,
    LabelConfig,
    RuleConfig,
    SourceConfig,
    StatsConfig,
    TlsConfig,
    WebhookConfig,
)
from logmond.config.section import Section
from logmond.config.shape import keys_of, shape_of
from logmond.frame.frame import CELL_DIMENSIONS
from logmond.ingest.formats.presets import ALIASES, PRESETS

_INTRODUCTION = """\
# Configuration

<!-- Written by `python -m logmond.config.reference > docs/config.md`; edit the models instead. -->

`logmond run -c FILE` reads one YAML file; `etc/logmond.yaml` shows every key in use. Without a
file it listens for syslog on UDP and TCP, localhost:5514, and watches the rule `high-traffic`.
`logmond check FILE` tells every mistake at once, each at its `file:line:col`, and what is legal
but will not work.

Each value is taken from the first of these that has it:

1. `--set KEY=VALUE`: `--set rules.high-traffic.above=50`
2. the environment: `LOGMOND_RULES__HIGH_TRAFFIC__ABOVE=50`
3. the file
4. the default

Items of lists go by their name. A value that begins with `[` or `{` is read as YAML:
`LOGMOND_SOURCES__SYSLOG__LISTEN='["udp://*:5514"]'`. A variable `LOGMOND_...` that names
nothing is an error. The admin command `config` shows each value and where it came from.

The YAML is strict: a duplicate key, an unknown key, an anchor, an alias or a tag is an error, and
only `true` and `false` are booleans.

| A value of this kind | is typed like |
|---|---|
| duration | `500ms`, `3s`, `2m`, `1h`, `30d`, `1h30m`; a number needs its unit |
| size | `48MiB`, `512KiB`, `10MB`; a plain number is bytes |
| percentage | `5%` or `0.05` |
| address | `udp://localhost:5514`, `tls://[::1]:6514`, `unixgram:///run/logmond.sock` |
| word | `a-z`, `0-9` and `-`: `high-traffic` |
| list | `[a, b]`; a single value may stand without brackets |
| secret | text; each also has a `_file` form that names a file which holds it |
"""

_SECTIONS: tuple[tuple[str, type[Section], str], ...] = (
    ("The whole", Config, ""),
    ("`sources`: each item", SourceConfig, ""),
    ("`sources`: `accept`", AcceptConfig, ""),
    ("`sources`: `tls`", TlsConfig, ""),
    ("`stats`", StatsConfig, ""),
    ("`stats.labels`: each label", LabelConfig, ""),
    ("`rules`: each item", RuleConfig, ""),
    ("`outputs`: each item of type `console`", ConsoleConfig, ""),
    ("`outputs`: each item of type `file`", FileConfig, ""),
    ("`outputs`: each item of type `webhook`", WebhookConfig, ""),
    ("`outputs`: each item of type `command`", CommandConfig, ""),
    ("`outputs`: each item of type `apprise`", AppriseConfig, ""),
    ("`outputs`: each item of type `irc`", IrcConfig, ""),
    ("`outputs`: each item of type `alertmanager`", AlertmanagerConfig, ""),
    ("`heartbeat`", HeartbeatConfig, ""),
    ("`history`", HistoryConfig, "`history: none` stands for `history: {url: none}`."),
    ("`admin`", AdminConfig, ""),
)

_UNITS = {
    "count": "number",
    "rate": "number",
    "bytes": "size",
    "share": "percentage",
    "seconds": "duration",
}


def reference() -> str:
    """The whole of docs/config.md."""
    parts = [_INTRODUCTION]
    for title, section, note in _SECTIONS:
        parts.append(f"## {title}\n")
        parts.append("\n".join(_table(section)) + "\n")
        if note:
            parts.append(note + "\n")
        if section is SourceConfig:
            parts.append(_formats())
        if section is RuleConfig:
            parts.append("\n".join(_metrics()) + "\n")
    return "\n".join(parts)


def _table(section: type[Section]) -> Iterator[str]:
    yield "| Key | Kind | Default | Meaning |"
    yield "|---|---|---|---|"
    for key, info in keys_of(section).items():
        meaning = (info.description or "").replace("|", "\\|")
        yield f"| `{key}` | {_kind(info)} | {_default(info)} | {meaning} |"


def _kind(info: FieldInfo) -> str:
    shape = shape_of(info)
    if info is RuleConfig.model_fields["metric"]:
        return "a metric below"
    if shape.kind is not None:
        return shape.kind.described
    return {"list": "list of sections", "mapping": "mapping", "section": "section"}.get(
        shape.holds, "word"
    )


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "required" if shape_of(info).holds != "list" else "see meaning"
    kind = shape_of(info).kind
    default = info.default
    if kind is None or default is PydanticUndefined or default is None:
        return ""
    shown = kind.show(default)
    return f"`{text(shown)}`" if shown not in ([], {}) else ""


def _formats() -> str:
    names = ", ".join(f"`{name}`" for name in (*PRESETS, *ALIASES))
    return (
        f"Presets: {names}. With `auto` the lines themselves tell; `sources` on "
        "the admin port says which format was found, and how sure that is.\n"
    )


def _metrics() -> Iterator[str]:
    yield "| Metric | Limits are a | What it is |"
    yield "|---|---|---|"
    for metric in METRICS.values():
        yield f"| `{metric.name}` | {_UNITS[metric.unit]} | {metric.phrase} |"
    dimensions = ", ".join(f"`{name}`" for name in CELL_DIMENSIONS)
    yield ""
    yield f"Dimensions of `where` and `group_by`: {dimensions}, and your labels. For durations only"
    yield "`source`, `vhost` and `section`; for `unparsed_ratio` and `kernel_drops` only `where:"
    yield "{source: ...}`; none for `distinct_clients`. A *section* is the path up to its second"
    yield "slash: `/pages/create` counts as `/pages`."


if __name__ == "__main__":
    sys.stdout.write(reference())
