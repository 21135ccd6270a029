"""What a configuration may say under format."""

from __future__ import annotations

import pytest

from logmond.errors import FormatError
from logmond.ingest.formats.fields import COUNTED
from logmond.ingest.formats.presets import ALIASES, PRESETS
from logmond.ingest.formats.table import format_of


def test_auto_means_every_preset() -> None:
    """The specific ones are asked first."""
    assert [fmt.name for fmt in format_of("auto")] == list(PRESETS)


@pytest.mark.parametrize("name", [*PRESETS, *ALIASES])
def test_every_name_is_one_format(name: str) -> None:
    """Presets and their other names compile, to what is counted by."""
    (fmt,) = format_of(f" {name}\n")
    assert fmt.name == ALIASES.get(name, name)
    fields = set(fmt.fields)
    assert {"client", "time", "status"} <= fields <= set(COUNTED)
    assert "request" in fields or ("method" in fields and fields & {"uri", "path"})
    assert "bytes" in fields or fmt.name == "iis"  # IIS does not log them by default
    assert len(set(fmt.fields)) == len(fmt.fields)
    assert fmt.time_kind
    assert fmt.shape


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("$remote_addr $status", b"::1 200"),
        ("log_format x '$remote_addr $status';", b"::1 200"),
        ("\n  log_format x '$remote_addr '\n  '$status';\n", b"::1 200"),
        ("%h %>s", b"::1 200"),
        ('LogFormat "%h %>s" x', b"::1 200"),
        ('CustomLog logs/access.log "%h %>s"', b"::1 200"),
        ("%ci %ST", b"::1 200"),
        ('log-format "%ci %ST"', b"::1 200"),
        ("%{+Q}o %ci %ST", b'"::1" 200'),
        ('{"c":"$remote_addr","s":$status}', b'{"c":"::1","s":200}'),
        ("%h %T %>s", b"::1 1 200"),
        ("#Fields: c-ip sc-status", b"::1 200"),
        ("#fields:\tc-ip\tsc-status\r\n", b"::1\t200"),
    ],
)
def test_a_pasted_format_is_compiled_for_its_server(text: str, line: bytes) -> None:
    """nginx, Apache, HAProxy and W3C logs are told apart by what is pasted."""
    (fmt,) = format_of(text)
    row = fmt.row(line)
    assert row is not None
    values = dict(zip(fmt.fields, row, strict=True))
    assert (values["client"], values["status"]) == (b"::1", b"200")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("combind", 'there is no format named "combind"; did you mean "combined"?'),
        ("nginx_timed", 'did you mean "nginx-timed"?'),
        ("xyzzy", 'there is no format named "xyzzy" Known: auto, aws-alb, caddy'),
        ("hello world", "'hello world' is no format: paste nginx's log_format"),
        ("", "is no format"),
        ("$status$foo$bar", "nothing between $foo and $bar"),
        ("#Fields:", "it looks like #Fields: date time c-ip"),
        ("#Fields: s-port s-ip", "no field in it that logmond counts by"),
        ("#Fields: time date c-ip", "date and time must stand beside each other"),
    ],
)
def test_what_is_no_format_is_refused_with_what_would_work(spec: str, message: str) -> None:
    """A typing error is guessed, anything else says what may stand there."""
    with pytest.raises(FormatError) as caught:
        format_of(spec)
    assert message in str(caught.value)


def test_the_shape_of_a_pasted_format_is_what_was_pasted() -> None:
    """Operators see the format in their own words."""
    (fmt,) = format_of('$remote_addr [$time_local] "$request_method $uri" $status')
    assert fmt.shape == '$remote_addr [$time_local] "$request_method $uri" $status'
