"""Configuration files that were written again, added or removed since they were read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from logmond.ingest.servers.files import DiskFiles, Snapshot


def _read(folder: Path) -> Snapshot:
    """As a server's reader does: a main file, what it includes, and one that is not there."""
    (folder / "nginx.conf").write_text("include conf.d/*.conf;")
    (folder / "conf.d").mkdir()
    (folder / "conf.d" / "one.conf").write_text("one")
    files = DiskFiles()
    files.text(str(folder / "nginx.conf"))
    for path in files.matching(str(folder / "conf.d" / "*.conf")):
        files.text(path)
    with pytest.raises(FileNotFoundError):
        files.text(str(folder / "envvars"))
    return files.snapshot


def test_what_nobody_wrote_to_is_as_it_was(tmp_path: Path) -> None:
    """A file that was not there, and is not now, included."""
    assert _read(tmp_path).changed() is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda folder: (folder / "nginx.conf").write_text("events {}"), "nginx.conf"),
        (lambda folder: (folder / "conf.d" / "one.conf").unlink(), "conf.d/one.conf"),
        (lambda folder: (folder / "conf.d" / "two.conf").touch(), "conf.d/*.conf"),
        (lambda folder: (folder / "envvars").touch(), "envvars"),
    ],
)
def test_a_change_is_told_by_its_path(
    change: Callable[[Path], object], told: str, tmp_path: Path
) -> None:
    """Written again, removed, found by an include, or there at last."""
    read = _read(tmp_path)
    change(tmp_path)
    assert read.changed() == str(tmp_path / told)
