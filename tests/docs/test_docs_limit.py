"""The recipe for the limit finds the busiest two minutes of a log."""

from __future__ import annotations

import gzip
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from pages import README

from logmond.ingest.scenarios import SCENARIOS, lines

_START = 1_795_453_200  # 2026-11-23T17:00:00Z


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """A log of half an hour, its first half rotated and compressed."""
    stream = lines(SCENARIOS["spike"], 1, _START, range(1800), form="combined")
    text = [(second, line + b"\n") for second, line in stream]
    older = b"".join(line for second, line in text if second < _START + 905)
    newer = b"".join(line for second, line in text if second >= _START + 905)
    (tmp_path / "access.log.2.gz").write_bytes(gzip.compress(older))
    (tmp_path / "access.log").write_bytes(newer)
    return tmp_path


def test_the_recipe_finds_the_busiest_two_minutes(logs: Path) -> None:
    """As a plain count over the same lines does, compressed files included."""
    (recipe,) = (block.text for block in README.of("sh") if "awk" in block.text)
    recipe = recipe.replace("/var/log/nginx", str(logs))
    told = subprocess.run(
        ["bash", "-c", recipe], capture_output=True, text=True, check=True, timeout=30
    )
    counted = Counter(
        second // 120
        for second, _ in lines(SCENARIOS["spike"], 1, _START, range(1800), form="combined")
    )
    bucket, hits = counted.most_common(1)[0]
    minute = (bucket * 120 - _START) // 60
    expected = f"{hits / 120:.1f} requests/s  23/Nov/2026:17:{minute:02}"
    assert told.stdout.splitlines()[0] == expected
    assert len(told.stdout.splitlines()) == 3
