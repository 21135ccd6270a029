"""The command where Python strips what programs do not need."""

from __future__ import annotations

import subprocess
import sys

import pytest

from logmond import __version__


@pytest.mark.parametrize("stripping", ["-O", "-OO"])
def test_the_command_runs_without_assertions_and_docstrings(stripping: str) -> None:
    """Some build images with PYTHONOPTIMIZE set: the verbs are found all the same."""
    done = subprocess.run(
        [sys.executable, stripping, "-m", "logmond", "--version"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == (f"logmond {__version__}\n", "")
