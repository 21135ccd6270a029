"""A message becomes its syslog header, if it has one, and its body. No sockets, no clock.

Senders write what they like (RFC 3164 describes, it does not prescribe), so
these forms are read, told apart by what stands at each place:

=============================================== ================================
``<PRI>Mmm dd hh:mm:ss HOST TAG[PID]: BODY``    nginx, rsyslog, syslog-ng
``<PRI>Mmm dd hh:mm:ss TAG[PID]: BODY``         HAProxy, Docker, nginx nohostname
``<PRI>Mmm dd hh:mm:ss HOST TAG BODY``          rsyslog, of what came as RFC 5424
``<PRI>Mmm dd hh:mm:ss HOST BODY``              syslog-ng's marks
``<PRI>2026-11-23T17:00:00.1+00:00 HOST TAG: BODY``  rsyslog's ForwardFormat
``<PRI>1 STAMP HOST APP PROCID MSGID SD BODY``  RFC 5424: logger, syslog-ng, nginx to come
``STAMP HOST TAG[PID]: BODY``, both stamps      the files that rsyslog and syslog-ng write
``<PRI>BODY``, with or without a tag            a sender that knows no time
anything else                                   no header: the message is the body
=============================================== ================================

A header is believed as far as it goes; nothing is ever rejected here. What the
body says is for the formats; `noise` is asked only about lines that none took.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache

MEMO_HEADERS = 1024
"""Repeated headers that are remembered; at that many, all are forgotten."""

NO_PRI = 13
"""What a message without a PRI has: user.notice (RFC 3164, section 4.3.3)."""

MAX_REPEATED_DIGITS = 6
"""Digits of "message repeated N times" that are believed."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a sender said about a message.

    `pri` is facility * 8 + severity, 0 to 191 (where none is written 13, RFC 3164
    section 4.3.3); `stamp` the time as written, None where there is none; `host`
    and `tag` are empty where they are absent, the tag without its process id and
    colon (in RFC 5424 it is the APP-NAME).
    """

    pri: int
    stamp: bytes | None
    host: bytes
    tag: bytes


_PRI = rb"<([0-9]|[1-9][0-9]|1[0-8][0-9]|19[01])>"
_STAMP = (
    rb"[A-Z][a-z]{2} [ 0-3][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]++)?|"
    rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[0-9.,Z:+-]*+"
)
# No word of a header begins JSON, a quoted field or a bracketed time.
_WORD = rb"[^\s\[{}\"<>=()]"
# A tag may hold colons (Docker's image:version) but ends in one only: 2001:db8:: is a client.
_TAG = rb"(%b{1,256}?)(?<!:)(?:\[[^\]\s]{0,64}\])?:(?: |\Z)" % _WORD

# While nginx starts it sends an empty host: two spaces before its tag.
_BSD = re.compile(rb"%b(?:(%b) (?:(%b{0,255}) )??)?%b" % (_PRI, _STAMP, _WORD, _TAG))
# rsyslog cuts tags at 32 bytes, and the colon with the rest; for what came to it as RFC 5424
# it makes one without a colon. With a point in it and no process id it may be the line's
# virtual host, and before "- USER [" it is the client.
_BARE_TAG = (
    rb"([^\s:\[{}\"<>=()]{32}|"
    rb"(?!message repeated )[A-Za-z][\w/-]{0,63}(?=\[| (?!- \S{1,256} \[))|"
    rb"[A-Za-z][\w./-]{0,63}(?=\[))(?:\[[^\]\s]{0,64}\])? "
)
_TAGLESS = re.compile(rb"%b(?:%b) (%b{1,255}) (?:%b)?" % (_PRI, _STAMP, _WORD, _BARE_TAG))
# What rsyslog and syslog-ng write to files has no PRI.
_FILED = re.compile(rb"(%b) (%b{1,255}) %b" % (_STAMP, _WORD, _TAG))
_STAMP_ONLY = re.compile(rb"%b(%b)?" % (_PRI, _STAMP))
# Real senders do not always escape a "]" inside a quoted value, so it is allowed there.
_STRUCTURED = rb'(?:\[[^ =\]"]++(?: [^ =\]"]++="[^"\\]*+(?:\\.[^"\\]*+)*+")*+\])++'
_RFC5424 = re.compile(
    rb"%b1 (-|%b) ([^ ]{1,255}) ([^ ]{1,255}) [^ ]{1,128} [^ ]{1,32}"
    rb"(?: (?:-|%b))?+(?: |\Z)" % (_PRI, _STAMP, _STRUCTURED),
    re.DOTALL,
)
_BOM = b"\xef\xbb\xbf"


class SyslogParser:
    """Splits messages of one source, remembering the headers that repeat.

    nginx sends the same header with every line of a second: its bytes up to the
    first ``": "`` are looked up before anything is parsed. Only headers that end
    there are remembered, so a prefix can have one meaning only.
    """

    __slots__ = ("_memo",)

    def __init__(self) -> None:
        self._memo: dict[bytes, Header] = {}

    def split(self, message: bytes) -> tuple[Header | None, bytes]:
        """The header, None where there is none, and the body.

        A trailing LF or NUL (HAProxy ends its datagrams so), the spaces before the
        body and a byte order mark are dropped (relays pass on the one of RFC 5424);
        rsyslog's ``#011`` is the TAB again that it was.
        """
        message = message.rstrip(b"\r\n\0")
        # The headers in files have one of these there; hardly any bare line does.
        if message[:1] != b"<" and message[9:10] != b":" and message[10:11] != b"T":
            return None, message.removeprefix(_BOM)
        end = message.find(b": ") + 2
        header = self._memo.get(message[:end])
        if header is None:
            header, end = self._parse(message)
            if header is None:
                return None, message.removeprefix(_BOM)
        body = message[end:].lstrip(b" ").removeprefix(_BOM)
        # One byte is found many times faster than four, and is rare.
        if b"#" in body:
            body = body.replace(b"#011", b"\t")
        return header, body

    def _parse(self, message: bytes) -> tuple[Header | None, int]:
        """The header and where it ends, by the table above."""
        if message[:1] != b"<":
            found = _FILED.match(message)
            return (Header(NO_PRI, *found.groups()), found.end()) if found else (None, 0)
        if found := _RFC5424.match(message):
            pri, stamp, host, tag = found.groups()
            end = found.end()
            header = Header(
                int(pri),
                None if stamp == b"-" else stamp,
                b"" if host == b"-" else host,
                b"" if tag == b"-" else tag,
            )
            return header, end
        if found := _BSD.match(message):
            pri, stamp, host, tag = found.groups()
            header = Header(int(pri), stamp, host or b"", tag)
            end = found.end()
            # Without a stamp the same bytes could begin an RFC 5424 header.
            if stamp and message.endswith(b": ", 0, end):
                if len(self._memo) >= MEMO_HEADERS:
                    self._memo.clear()
                self._memo[message[:end]] = header
            return header, end
        if found := _STAMP_ONLY.match(message):
            pri, stamp = found.groups()
            if stamp and (named := _TAGLESS.match(message)):
                return Header(int(pri), stamp, named[2], named[3] or b""), named.end()
            return Header(int(pri), stamp, b"", b""), found.end()
        return None, 0


def header_second(header: Header | None, arrival: float, zone: tzinfo) -> int | None:
    """The second a header names, None where it names none.

    RFC 3164 knows no year and no zone: `zone` is the source's, and the reading
    nearest to `arrival` is taken, also where a local time occurs twice.
    """
    if header is None or header.stamp is None:
        return None
    year = datetime.fromtimestamp(arrival, zone).year
    readings = _readings(header.stamp, year, zone)
    return min(readings, key=lambda second: abs(second - arrival), default=None)


_MONTH_NAMES = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, start=1)}


@lru_cache(maxsize=256)
def _readings(stamp: bytes, year: int, zone: tzinfo) -> tuple[int, ...]:
    """Every second a stamp can mean, none when it is no time."""
    text = stamp.decode("ascii")
    if stamp[:4].isdigit():
        texts = [text]
    else:
        month = _MONTHS.get(stamp[:3], 0)
        texts = [
            f"{candidate:04d}-{month:02d}-{text[4:6].replace(' ', '0')}T{text[7:]}"
            for candidate in (year - 1, year, year + 1)
        ]
    seconds = set()
    for written in texts:
        # A leap second is the second after :59.
        leap = written[17:19] == "60"
        ordinary = f"{written[:17]}59{written[19:]}" if leap else written
        try:
            read = datetime.fromisoformat(ordinary)
            if read.tzinfo is not None:
                seconds.add(int(read.timestamp() // 1) + leap)
            else:
                for fold in (0, 1):
                    local = read.replace(tzinfo=zone, fold=fold)
                    seconds.add(int(local.timestamp() // 1) + leap)
        except (ValueError, OverflowError):
            continue
    return tuple(sorted(seconds))


_REPEATED = re.compile(
    rb"message repeated ([1-9][0-9]{0,%d}) times: \[ ?(.*)\]" % (MAX_REPEATED_DIGITS - 1),
    re.DOTALL,
)


def repeated(body: bytes) -> tuple[int, bytes]:
    """How many lines a body stands for, and the line: (1, body) for ordinary ones.

    rsyslog sends ``message repeated N times: [ LINE]`` after the line itself.
    """
    if not body.startswith(b"message repeated "):
        return 1, body
    found = _REPEATED.fullmatch(body)
    return (int(found[1]), found[2]) if found else (1, body)


_LEVEL = rb"(trace[1-8]?|debug|info|notice|warn|warning|error|crit|alert|emerg|fatal|panic)"
_LEVELLED = re.compile(
    # nginx: 2026/11/23 17:00:00 [error] 7228#7228: ...
    rb"[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} \["
    + _LEVEL
    # Apache: [Mon Nov 23 17:00:00.123456 2026] [core:error] [pid 812] ...
    + rb"\] |\[[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9][0-9] [0-9:.]{8,15} [0-9]{4}\] \[(?:[\w-]*+:)?"
    + _LEVEL
    # Apache with ErrorLog syslog: [mpm_event:notice] [pid 812:tid 1] ...
    + rb"\] |\[[\w-]++:"
    + _LEVEL
    + rb"\] \[pid |"
    # Caddy and other JSON loggers: {"level":"info", ...
    rb'\{"level":"' + _LEVEL + rb'"'
)
# What W3C logs (IIS, CloudFront) say about themselves; kernels have read "#Fields:" by then.
_DIRECTIVE = re.compile(rb"#(?:Fields|Version|Software|Date|Start-Date|End-Date|Remark):")
_QUIET = (b"trace", b"debug", b"info", b"notice")
_RELAYS = frozenset((b"rsyslogd", b"rsyslogd-pstats", b"syslog-ng", b"syslogd"))
_HAPROXY_NOTICE = re.compile(
    rb"Proxy \S+ (?:started|stopped)|(?:Stopping|Pausing|Resuming) |Server \S+ is |"
    rb"(?:backend|proxy) \S+ has no server|Health check for |Loading success|"
    rb"(?:New|Current|Former) worker |Exiting |Reexecuting |haproxy version |"
    rb"\[(?:NOTICE|WARNING|ALERT)\]"
)
_HAPROXY_ERROR = re.compile(
    rb"\S+ \[[^\]]+\] \S+: (?:SSL handshake failure|(?:Connection|Timeout) )"
)


def noise(header: Header | None, body: bytes) -> str | None:
    """What a line that no format takes is, if it is known: "error log", "notice", or None.

    "error log" is a line of a web server's error log from warn upward; "notice" is
    what servers and relays say about themselves (starts, stops, marks, statistics,
    directives of W3C logs).
    """
    tag = header.tag if header else b""
    if tag in _RELAYS or body == b"-- MARK --" or body.startswith(b"[origin software="):
        return "notice"
    if _DIRECTIVE.match(body):
        return "notice"
    if (found := _LEVELLED.match(body)) and not (body[:1] == b"{" and b'"request"' in body):
        level = found[found.lastindex or 0]
        return "notice" if level.startswith(_QUIET) else "error log"
    if tag == b"haproxy":
        if _HAPROXY_NOTICE.match(body):
            return "notice"
        if _HAPROXY_ERROR.match(body):
            return "error log"
    return None
