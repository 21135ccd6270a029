"""Every mistake is told at its place, with what would work."""

from __future__ import annotations

from pathlib import Path

import pytest
from config_text import problems

from logmond.config.loading import load
from logmond.errors import ConfigError
from logmond.outputs.table import NOTIFIERS, OUTPUTS


def test_every_problem_is_told_at_once_in_the_order_of_the_file() -> None:
    """Typing errors, wrong units, wrong types and impossible rules come together."""
    assert problems(
        """\
sources:
  - name: nginx
    lisen: [udp://localhost:5514]
    format: apche
  - name: Shop 1
    listen: sctp://localhost:6514
  - name: nginx
    files: [/a, 7]
    start: begining
stat: 3
rules:
  - name: errors
    metric: ratio_5xx
    above: 5
    windw: 3m
  - {name: slow, metric: duration_p99, above: 2s, where: {method: GET}, recover: 3s}
  - {name: many, metric: hits, above: 2, where: {sektion: /api, client: 10.0.0.1}}
outputs:
  - {name: chat, type: pigeon}
  - {name: log, type: file, mode: 640}
"""
    ) == [
        'f.yaml:3:5: sources[0].lisen: unknown key; did you mean "listen"?',
        *_format_problem("f.yaml:4:13: sources[0].format: "),
        'f.yaml:5:11: sources[1].name: must be a word of a-z, 0-9 and "-", not "Shop 1"; '
        '"shop-1" would do',
        'f.yaml:6:13: sources[1].listen: unknown scheme "sctp"; there are: '
        "udp, tcp, tls, unixgram, unix",
        'f.yaml:7:11: sources[2].name: "nginx" is the name of sources[0] already',
        'f.yaml:8:17: sources[2].files[1]: must be text; write it in quotes: "7"',
        'f.yaml:9:12: sources[2].start: unknown start "begining"; did you mean "beginning"?',
        'f.yaml:10:1: stat: unknown key; did you mean "stats"?',
        "f.yaml:14:12: rules[0].above: is a share of 1: 5 would be 500%; write it as 5%",
        'f.yaml:15:5: rules[0].windw: unknown key; did you mean "window"?',
        "f.yaml:16:58: rules[1].where: duration_p99 cannot use 'method' here; "
        "possible: section, source, vhost",
        "f.yaml:16:82: rules[1].recover: must be at most the limit 2",
        'f.yaml:17:59: rules[2].where.sektion: unknown dimension "sektion"; '
        'did you mean "section"?',
        "f.yaml:17:73: rules[2].where.client: only the most frequent are kept; "
        "a rule can use source, vhost, method, status, section",
        'f.yaml:19:24: outputs[0].type: unknown type "pigeon"; there are: '
        + ", ".join((*OUTPUTS, *NOTIFIERS)),
        'f.yaml:20:5: outputs[1]: needs the key "path"',
        'f.yaml:20:35: outputs[1].mode: must be text; write it in quotes: "640"',
    ]


def _format_problem(start: str) -> list[str]:
    """The format compiler's own words for ``apche``, behind a place."""
    told = problems("sources: [{name: a, stdin: true, format: apche}]\n")
    assert len(told) == 1
    return [start + told[0].split(": ", 2)[2]]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- a\n", "f.yaml:1:1: must be a mapping (key: value), not a list"),
        ("text\n", 'f.yaml:1:1: must be a mapping (key: value), not "text"'),
        (
            "rules: [" + "{name: a, metric: hits, above: 1}," * 1001 + "]\n",
            "f.yaml:1:8: rules: has 1001 items; at most 1000 are run",
        ),
        ("sources: []\n", "f.yaml:1:10: sources: is empty; there is nothing to read"),
        ("rules:\n", "f.yaml:1:7: rules: has no value; remove the key for its default"),
        ("rules: {a: 1}\n", "f.yaml:1:8: rules: must be a list, not a mapping"),
        ("stats: 3s\n", 'f.yaml:1:8: stats: must be a mapping (key: value), not "3s"'),
        ("stats: {delay: 61s}\n", "f.yaml:1:16: stats.delay: must be between 0s and 1m"),
        ("stats: {delay: 500ms}\n", "f.yaml:1:16: stats.delay: must be whole seconds"),
        ("stats: {delay: }\n", "f.yaml:1:15: stats.delay: has no value"),
        ("stats: {memory_limit: 1MiB}\n", "stats.memory_limit: must be between 4MiB and 4GiB"),
        (
            "sources: [{name: a}]\n",
            "sources[0]: reads nothing; give it one of listen, files, stdin",
        ),
        (
            "sources: [{name: a, stdin: true, files: /x}]\n",
            "f.yaml:1:28: sources[0].stdin: files is given already",
        ),
        ("sources: [{name: a, stdin: true, start: end}]\n", "sources[0].start: is for files"),
        (
            "sources: [{name: a, stdin: true}, {name: b, stdin: true}]\n",
            "f.yaml:1:52: sources[1].stdin: sources[0] reads standard input already",
        ),
        (
            "sources: [{name: a, stdin: true, timezone: Europe/Viena}]\n",
            'sources[0].timezone: unknown time zone "Europe/Viena"; did you mean "Europe/Vienna"?',
        ),
        ("sources: [{stdin: true}]\n", 'f.yaml:1:11: sources[0]: needs the key "name"'),
        ("sources: [{name: 404, stdin: true}]\n", 'must be text; write it in quotes: "404"'),
        ("sources: [{name: a, stdin: 1}]\n", "sources[0].stdin: must be true or false, not 1"),
        ("sources: [{name: a, stdin: yes}]\n", 'must be true or false, not "yes"'),
        ('sources: [{name: a, files: "/a\\nb"}]\n', "files: holds a control character"),
        ("outputs: [{name: a}]\n", 'outputs[0]: needs the key "type"; there are: console, file'),
        ("outputs: [{name: a, type: file, path: x}]\n", "path: must be an absolute path"),
        (
            "outputs: [{name: a, type: console, path: /x}]\n",
            "f.yaml:1:36: outputs[0].path: unknown key; there are: type, name, every",
        ),
        ("history: {url: 'mysql://x'}\n", "history.url: must be sqlite:///PATH"),
        ("history: sqlite://state.db\n", "f.yaml:1:10: history.url: must be sqlite:///PATH"),
        (
            "stats: {labels: {method: {field: client, contains: {a: b}}}}\n",
            "f.yaml:1:26: stats.labels.method: is a dimension already",
        ),
        ("stats: {labels: {Bot: {field: client, contains: {a: b}}}}\n", "must be a word of a-z"),
        ("stats: {labels: {b: {field: client, contains: {}}}}\n", "contains: is empty"),
        (
            "stats: {labels: {b: {field: client, contains: {'-': x}}}}\n",
            "stands for an absent value",
        ),
        ("stats: {labels: {b: {field: cliet, contains: {a: b}}}}\n", 'did you mean "client"?'),
        (
            "sources: [{name: a, stdin: true, format: '" + "$a " * 2000 + "'}]\n",
            "sources[0].format: is longer than 4096 bytes",
        ),
        ("node: a b\n", 'f.yaml:1:7: node: must be letters, digits, ".", "_" and "-"'),
        ("web: {listen: tcp://localhost:9080}\n", "f.yaml:1:1: web: unknown key; there are: node"),
    ],
)
def test_a_wrong_value_says_what_would_work(text: str, problem: str) -> None:
    """One problem a mistake, at its place, in words that help."""
    told = problems(text)
    assert len(told) == 1, told
    assert problem in told[0]


def test_the_value_of_a_duplicate_key_is_not_blamed_twice() -> None:
    """What YAML refuses is not validated as well."""
    assert problems("stats: {delay: 3s, delay: nonsense}\nnode: *x\n") == [
        "f.yaml:1:20: stats.delay: duplicate key; it stands on line 1 already",
        "f.yaml:2:7: node: aliases are not read; write the value out",
    ]


def test_a_pasted_format_that_cannot_work_is_refused_at_its_place() -> None:
    """A bad log_format is an error of the file, not of the first line that arrives."""
    text = "sources:\n  - name: a\n    stdin: true\n    format: '$remote_addr$request'\n"
    told = problems(text)
    assert len(told) == 1
    assert told[0].startswith("f.yaml:4:13: sources[0].format: ")


def test_control_characters_in_a_file_do_not_reach_the_terminal() -> None:
    """What a key or value holds is made visible in messages."""
    assert all(problem.isprintable() for problem in problems('"a\\e[31m\\u202e": 1\n'))


def test_a_long_list_of_problems_is_cut() -> None:
    """The first hundred are told, the rest is counted."""
    told = problems("rules:\n" + "".join(f"  - {{name: r{n}}}\n" for n in range(150)))
    assert len(told) == 101
    assert told[-1].endswith("and 50 more problems")


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    """Missing, not text, too large: one clear line each."""
    missing, binary, large = (tmp_path / name for name in ("missing", "binary", "large"))
    binary.write_bytes(b"node: web1\nadmin: \xff\xfe\n")
    large.write_bytes(b"#" * (200 << 10))
    for path, reason in (
        (missing, f"{missing}: cannot be read: no such file or directory"),
        (tmp_path, f"{tmp_path}: cannot be read: is a directory"),
        (binary, f"{binary}:2:8: is not UTF-8 text"),
        (large, f"{large}: is larger than 128 KiB"),
    ):
        with pytest.raises(ConfigError) as caught:
            load(str(path), {})
        assert [str(problem) for problem in caught.value.problems] == [reason]
