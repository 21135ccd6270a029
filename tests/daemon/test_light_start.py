"""What nobody configured costs nobody memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import logmond

_START = """
import sys
import logmond.daemon.service
from logmond.config.loading import loads
loads(sys.argv[1], "x.yaml", {})
heavy = ("apprise", "requests", "OpenSSL", "twisted.web", "twisted.internet.endpoints")
print(*(name for name in heavy if name in sys.modules))
"""


def _loaded(text: str) -> list[str]:
    root = Path(logmond.__file__).parents[1]
    child = [sys.executable, "-c", _START, text]
    result = subprocess.run(child, cwd=root, capture_output=True, text=True, timeout=60, check=True)
    return result.stdout.split()


def test_clients_of_http_chats_and_tls_are_loaded_where_they_are_named() -> None:
    """Together they would be a third of the idle process."""
    assert _loaded("{}") == []
    output = "{name: a, type: apprise, url: 'mailto://mail.example/?from=a@b.example'}"
    assert "apprise" in _loaded(f"outputs: [{output}]")
