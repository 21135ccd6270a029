"""What one hostile line of 64 KiB costs: milliseconds of CPU from message to frame.

``python -m bench.hostile``. Each line is an ordinary one of some server with 64 KiB
of one filling put into one place of it, the rest of the line behind it or not. Every
source is fresh and of format ``auto``, as it is when the first line arrives. The
figure of a line is the better of two runs; the promise is 5 ms.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

from logmond.ingest.formats.table import format_of
from logmond.ingest.intake import Intake
from logmond.ingest.kernel.python import PythonKernel

LONGEST = 65_535
SHOWN = 15
FILLINGS = [
    b'"', b"\\", rb"\"", rb"\\", rb"\x41", rb"\u0041", b'" ', b' "', b'" "', b'] "', b" ", b"- ",
    b"[", b" [", b"] ", b": ", b", ", b"-", b"{} ", b"\xff", b"a", b"/", b"a=b&", b"?", b"\t",
    b"1.1", b"::",
]  # fmt: skip
_STAMP = b"[23/Nov/2026:17:00:00 +0000]"
_COMBINED = b'192.0.2.1 - - %b "GET /a/b HTTP/1.1" 200 5 "http://r/" "agent"' % _STAMP
ORDINARY = {
    "combined": _COMBINED,
    "vhost-combined": b"example.org:80 " + _COMBINED,
    "nginx-main": _COMBINED + b' "198.51.100.1"',
    "syslog": b"<190>Nov 23 17:00:00 host nginx: " + _COMBINED,
    "RFC 5424": b'<13>1 2026-11-23T17:00:00Z h a - - [x a="b"] ' + _COMBINED,
    "lighttpd": _COMBINED.replace(b"- -", b"example.org -"),
    "envoy": b'[2026-11-23T17:00:00.000Z] "GET /a HTTP/1.1" 200 - 0 5 3 2 "1.1.1.1" "agent" "id" '
    b'"example.org" "10.0.0.1:80"',
    "haproxy": b"192.0.2.1:5000 [23/Nov/2026:17:00:00.123] fe be/s1 0/0/1/2/3 200 5 - - ---- "
    b'1/1/1/1/0 0/0 "GET /a HTTP/1.1"',
    "squid": b"1795453200.123     45 192.0.2.1 TCP_MISS/200 5 GET http://h/a - DIRECT/1.1.1.1 -",
    "iis": b"2026-11-23 17:00:00 10.0.0.1 GET /a - 80 - 192.0.2.1 agent - 200 0 0 15",
    "json": b'{"time":"2026-11-23T17:00:00Z","remote_addr":"192.0.2.1","status":200,"uri":"/a",'
    b'"user_agent":"x","size":5}',
    "caddy": b'{"level":"info","ts":1795453200.1,"request":{"remote_ip":"192.0.2.1","method":'
    b'"GET","host":"h","uri":"/a","headers":{"User-Agent":["x"]}},"duration":0.1,"status":200}',
    "repeated": b"message repeated 2 times: [ x]",
    "nothing": b"",
}


def hostile(ordinary: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """(place, filling, line) for every place between two fields and every filling."""
    edges = [edge for found in re.finditer(rb'[ "\[\]{}:,]', ordinary) for edge in found.span()]
    for place in sorted({0, len(ordinary), *edges}):
        for filling in FILLINGS:
            for behind in {ordinary[place:], b""}:
                times = (LONGEST - place - len(behind)) // len(filling)
                yield place, filling, ordinary[:place] + filling * times + behind


def milliseconds(line: bytes) -> float:
    """CPU time of one message, the better of two."""
    best = float("inf")
    for _ in range(2):
        intake = Intake("bench", PythonKernel("bench", format_of("auto")), time.time)
        begun = time.process_time()
        intake.messages([line], believed=True)
        intake.take(0)
        best = min(best, time.process_time() - begun)
    return best * 1e3


def main() -> None:
    """Print the slowest lines."""
    milliseconds(_COMBINED)  # compiles the formats
    measured = [
        (milliseconds(line), name, ordinary[max(0, place - 12) : place], filling)
        for name, ordinary in ORDINARY.items()
        for place, filling, line in hostile(ordinary)
    ]
    measured.sort(reverse=True)
    over = sum(cost > 5 for cost, *_ in measured)
    print(f"{len(measured):,} lines of 64 KiB, {over} over 5 ms; the slowest:")
    for cost, name, before, filling in measured[:SHOWN]:
        print(f"{cost:8.2f} ms  {name:15} {filling!r} behind {before!r}")


if __name__ == "__main__":
    main()
