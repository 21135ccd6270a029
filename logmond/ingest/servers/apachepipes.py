"""Where the programs send lines that Apache pipes its logs to. Nothing is run or looked up."""

from __future__ import annotations

import os
import shlex


def piped_to(command: str) -> str:
    """Where logger (util-linux) sends what is piped to it; "" for other programs."""
    try:
        words = shlex.split(command)
    except ValueError:
        return ""
    if not words or os.path.basename(words[0]) != "logger":
        return ""
    options: dict[str, str] = {}
    for word, value in zip(words[1:], [*words[2:], ""], strict=True):
        options.setdefault(word, value)
    server = options.get("-n") or options.get("--server")
    if server is None:
        return f"unixgram://{options.get('-u') or options.get('--socket') or '/dev/log'}"
    scheme = "udp" if {"-d", "--udp"} & set(options) else "tcp"
    port = options.get("-P") or options.get("--port") or ("514" if scheme == "udp" else "601")
    return f"{scheme}://{f'[{server}]' if ':' in server else server}:{port}"
