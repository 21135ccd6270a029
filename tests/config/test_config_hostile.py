"""Whatever a file, a variable or a setting holds: a configuration, or problems in plain text."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from logmond.config.lines import leaves
from logmond.config.loading import loads
from logmond.config.schema import Config
from logmond.config.shape import keys_of
from logmond.errors import ConfigError

_WORDS = [
    *keys_of(Config),
    *("name", "listen", "files", "stdin", "format", "tag", "type", "path", "metric", "above"),
    *("below", "where", "window", "recover", "for", "labels", "contains", "field", "url", "token"),
    *(
        "a",
        "hits",
        "ratio_5xx",
        "duration_p99",
        "console",
        "file",
        "5%",
        "2m",
        "10",
        "",
        "-",
        "[",
        "{",
    ),
    *("udp://localhost:1", "/x", "\x1b[31m", "é", "x" * 200, "0640", "warning", "critical", "*x"),
]
_WORD = st.sampled_from(_WORDS)
_SCALAR = _WORD | st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
_DATA = st.recursive(
    _SCALAR,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORD, inner, max_size=4),
    max_leaves=25,
)


def _outcome(text: str, environ: dict[str, str], sets: list[str]) -> None:
    """Load, and hold the outcome to what every outcome must be."""
    try:
        loaded = loads(text, "f.yaml", environ, sets)
    except ConfigError as error:
        problems = error.problems
    else:
        assert loaded.config.sources
        assert all("\n" not in line.value for line in loaded.origins)
        return
    assert problems
    assert all(problem.place and problem.message for problem in problems)
    assert all("\n" not in str(p) and "\x1b" not in str(p) for p in problems)


@settings(max_examples=150)
@given(st.dictionaries(_WORD, _DATA, max_size=4))
@example({"sources": [{"name": "a", "stdin": True}]})
@example({"rules": [{"name": "a", "metric": ["hits"], "above": {"warning": None}}]})
@example({"outputs": [{"type": {"a": 1}}, {"type": ["file"]}, "x", None]})
@example({"stats": {"labels": {"a": None}}, "admin": [], "history": 3})
def test_any_data_is_a_configuration_or_problems(data: dict[str, Any]) -> None:
    """Wrong types in every place end in messages, never in a traceback."""
    _outcome(json.dumps(data), {}, [])


@settings(max_examples=150)
@given(
    st.lists(st.tuples(st.lists(_WORD, max_size=4), _WORD | st.text(max_size=10)), max_size=3),
    st.lists(st.tuples(st.lists(_WORD, max_size=4), _WORD | st.text(max_size=10)), max_size=3),
)
def test_any_override_is_taken_or_told(
    environ: list[tuple[list[str], str]], sets: list[tuple[list[str], str]]
) -> None:
    """Variables and settings of any shape end the same way."""
    text = "sources: [{name: a, stdin: true}]\nrules: [{name: a, metric: hits, above: 1}]\n"
    _outcome(
        text,
        {"LOGMOND_" + "__".join(steps).upper(): value for steps, value in environ},
        [f"{'.'.join(steps)}={value}" for steps, value in sets],
    )


_LIMITS = {
    "hits": st.integers(1, 10**6),
    "hits_per_second": st.integers(1, 10**6).map(lambda n: n / 10),
    "bytes_per_second": st.integers(1, 1000).map("{}KiB".format),
    "ratio_4xx": st.integers(1, 999).map(lambda n: f"{n / 10}%"),
    "duration_p95": st.integers(1, 10**5).map("{}ms".format),
}


@st.composite
def _rules(draw: st.DrawFn) -> dict[str, Any]:
    metric = draw(st.sampled_from(sorted(_LIMITS)))
    rule: dict[str, Any] = {"name": "r", "metric": metric}
    rule["window"] = draw(st.sampled_from(["1s", "90s", "2m", "5m", "310s", "1h"]))
    rule[draw(st.sampled_from(["above", "below"]))] = draw(_LIMITS[metric])
    rule["for"] = draw(st.sampled_from(["0s", "30s", "10m"]))
    rule["where"] = draw(
        st.dictionaries(
            st.sampled_from(["source", "vhost", "section"]),
            st.sampled_from(["/api", "*", "a: b", "[x]"]) | st.just(["/a", "/b"]),
            max_size=2,
        )
    )
    return rule


@settings(max_examples=100)
@given(_rules())
def test_what_is_shown_can_be_typed_back(rule: dict[str, Any]) -> None:
    """A configuration written out as `config` shows it is the same configuration."""
    config = loads(json.dumps({"rules": [rule]}), "f.yaml", {}).config
    written = config.model_dump(mode="json", by_alias=True)
    kept = {"rules": [{k: v for k, v in written["rules"][0].items() if v not in (None, [])}]}
    assert loads(json.dumps(kept), "f.yaml", {}).config.rules == config.rules


def test_every_shown_value_is_a_key_and_a_text() -> None:
    """Nothing of the model is left out because of its kind."""
    config = loads("stats: {labels: {b: {field: client, contains: {x: y}}}}\n", "f.yaml", {}).config
    shown = dict(leaves(config.model_dump(mode="json", by_alias=True)))
    assert shown["stats", "labels", "b", "contains", "x"] == ["y"]
    assert dict(config.as_lines())["stats.labels.b.contains.x"] == "[y]"
