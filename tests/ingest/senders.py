"""Bytes that real senders put on the wire, captured from the programs named here.

nginx 1.22, HAProxy 2.6, rsyslog 8.2302, syslog-ng 3.38 and util-linux 2.38 of
Debian 12; Docker's and Caddy's forms follow their sources (srslog's
``UnixFormatter``, Caddy's default JSON encoder).
"""

from __future__ import annotations

CLF = (
    b"127.0.0.1 - - [23/Nov/2026:19:03:55 +0000]"
    b' "GET /api/x?y=1 HTTP/1.1" 200 3 "-" "Mozilla \\x22q\\x22 \\x5Cx"'
)
TIMED = CLF + b" 0.000"
APACHE = CLF.replace(b"\\x22q\\x22 \\x5Cx", b'\\"q\\" \\\\x')
HAPROXY_CLF = (
    b'127.0.0.1 - - [23/Nov/2026:19:03:55 +0000] "GET /hap?secret=1 HTTP/1.1" 200 125 "" ""'
    b' 42482 055 "web" "be" "s1" 0 0 0 0 0 ---- 1 1 0 0 0 0 0 "" "" '
)
CADDY = (
    b'{"level":"info","ts":1795460635.1,"logger":"http.log.access","msg":"handled request",'
    b'"request":{"remote_ip":"127.0.0.1","method":"GET","host":"a.example","uri":"/api/x"},'
    b'"duration":0.0012,"size":3,"status":200}'
)
TLS_BYTES = (
    b'127.0.0.1 - - [23/Nov/2026:19:03:55 +0000] "\\x16\\x03\\x01\\x02" 400 157 "-" "-" 0.003'
)

NGINX = b"<190>Nov 23 19:03:55 vm nginx: " + TIMED
NGINX_NOHOSTNAME = b"<134>Nov 23 19:03:55 shop: " + CLF
NGINX_TLS = b"<190>Nov 23 19:03:55 vm nginx: " + TLS_BYTES
# As proposed upstream (nginx/nginx, pull request 1287): milliseconds, process id, MSGID.
NGINX_5424 = b"<190>1 2026-11-23T19:03:55.310+00:00 vm nginx 1234 ACCESS - " + TIMED
NGINX_5424_NOHOSTNAME = b"<190>1 2026-11-23T19:03:55.310+00:00 - nginx 1234 - - " + TIMED
# nginx does not know its own name yet while it reads its configuration.
NGINX_STARTING = b"<29>Nov 23 19:03:54  nginx: 2026/11/23 19:03:54 [notice] 7222#7222: nginx/1.22.1"
NGINX_ERROR = (
    b"<27>Nov 23 19:03:55 vm nginx: 2026/11/23 19:03:55 [error] 7228#7228: *3 open()"
    b' "/nowhere/missing" failed (2: No such file or directory), client: 127.0.0.1, server: ,'
    b' request: "GET /missing HTTP/1.1", host: "127.0.0.1:45523"'
)
HAPROXY = b"<134>Nov 23 19:03:55 haproxy[7224]: " + HAPROXY_CLF + b"\n"
HAPROXY_STOPPED = (
    b"<132>Nov 23 19:03:56 haproxy[7224]: Proxy web stopped (cumulated conns: FE: 1, BE: 0).\n"
)
LOGGER_5424 = (
    b"<13>1 2026-11-23T19:03:55.180061+00:00 vm nginx - -"
    b' [timeQuality tzKnown="1" isSynced="0"] ' + CLF
)
LOGGER_PID = LOGGER_5424.replace(b"nginx - -", b"httpd 7284 -")
LOGGER_3164 = b"<13>Nov 23 19:03:55 vm apache: " + APACHE
# rsyslog sends its property "msg" with the space that stood before it.
RSYSLOG_5424 = b"<13>1 2026-11-23T19:03:55.192875+00:00 vm nginx - - -  " + CLF
RSYSLOG_3164 = b"<13>Nov 23 19:03:55 vm nginx: " + CLF
RSYSLOG_FORWARD = b"<13>2026-11-23T19:03:55.192875+00:00 vm nginx: " + CLF
RSYSLOG_TAB = b'<13>Nov 23 19:03:55 vm nginx: tab#011here "x"'
RSYSLOG_REPEATED = b"<13>Nov 23 19:03:55 vm nginx: message repeated 2 times: [ " + CLF + b"]"
# A tag over 32 bytes loses its end, and the colon with it.
RSYSLOG_LONG_TAG = b"<13>Nov 23 19:03:55 vm averyveryveryveryverylongtagname " + CLF
# What came to rsyslog as RFC 5424: no colon behind the tag, and the byte order mark kept.
RSYSLOG_OF_5424 = b"<190>Nov 23 19:03:55 vm app[1] \xef\xbb\xbf" + CLF
RSYSLOG_OF_5424_NO_PID = b"<190>Nov 23 19:03:55 vm app " + CADDY
RSYSLOG_START = (
    b'<46>Nov 23 19:03:54 vm rsyslogd: [origin software="rsyslogd" swVersion="8.2302.0"'
    b' x-pid="7231" x-info="https://www.rsyslog.com"] start'
)
SYSLOG_NG_5424 = b'<13>1 2026-11-23T19:11:09+00:00 vm nginx - - [meta sequenceId="4"] ' + CLF
SYSLOG_NG_3164 = b"<13>Nov 23 19:11:09 vm nginx: " + CLF
SYSLOG_NG_LINES = (
    b'<13>1 2026-11-23T19:11:09+00:00 vm nginx - - [meta sequenceId="5"] multi\nline\ttab'
)
SYSLOG_NG_MARK = b"<46>Nov 23 19:11:09 vm -- MARK --"
SYSLOG_NG_MARK_5424 = b'<46>1 2026-11-23T19:11:09+00:00 vm - - - [meta sequenceId="6"] -- MARK --'
SYSLOG_NG_START = b"<45>Nov 23 19:11:07 vm syslog-ng[9392]: syslog-ng starting up; version='3.38.1'"
DOCKER = b"<30>Nov 23 19:03:55 web/4f5c1a2b9d0e[812]: " + TIMED


def octet_counted(message: bytes, end: bytes = b"") -> bytes:
    """A message as RFC 6587 section 3.4.1 frames it; rsyslog counts an LF in."""
    return b"%d %s%s" % (len(message) + len(end), message, end)
