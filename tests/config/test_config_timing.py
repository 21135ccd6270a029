"""`check` warns about waits that are shorter than what files need."""

from __future__ import annotations

import pytest

from logmond.config.loading import loads


@pytest.mark.parametrize(
    ("source", "delay", "warned"),
    [
        ("files: [/var/log/nginx/access.log]", "1s", True),
        ("files: [/var/log/nginx/access.log]", "2s", False),
        ("listen: udp://localhost:5514", "1s", False),
    ],
)
def test_a_delay_that_files_cannot_keep_is_warned_about(
    source: str, delay: str, warned: bool
) -> None:
    """They are looked at once a second, so a second is too short for them."""
    text = f"sources: [{{name: web, {source}}}]\nstats:\n  delay: {delay}\n"
    found = [line for line in loads(text, "l.yaml", {}).warnings if "once a second" in line]
    assert bool(found) is warned
    assert all(line.startswith("l.yaml:3:10: ") and "source web" in line for line in found)
