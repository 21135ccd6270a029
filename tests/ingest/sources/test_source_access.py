"""Why a log cannot be read, and the command that lets us."""

from __future__ import annotations

import grp
import os
import pwd
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filerig import rig

from logmond.ingest.sources.access import refusal

NOBODY = 65534

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")


@contextmanager
def nobody() -> Iterator[str]:
    """Be nobody for a while; gives the name of that user."""
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield pwd.getpwuid(NOBODY).pw_name
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


@pytest.fixture
def log() -> Iterator[Path]:
    """A log in a directory that everybody may enter, as Debian's logs: 0640 root:adm."""
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        path = Path(directory) / "apache2" / "access.log"
        path.parent.mkdir()
        path.touch()
        os.chown(path, 0, grp.getgrnam("adm").gr_gid)
        path.chmod(0o640)
        yield path


def refused(path: Path) -> str:
    """What is said when `path` is opened."""
    with pytest.raises(OSError) as caught:  # noqa: PT011  # which one is the point of the tests
        path.open("rb")
    return refusal(str(path), caught.value)


@as_root
def test_a_log_of_a_group_names_the_group_to_join(log: Path) -> None:
    """The fix is the command to type."""
    with nobody() as name:
        reason = refused(log)
    assert reason == (
        f"unreadable (permission denied): {log}: add {name} to group adm: "
        f"usermod -aG adm {name}, then restart logmond"
    )


@as_root
def test_a_directory_of_a_group_is_named_in_place_of_the_log(log: Path) -> None:
    """Debian's /var/log/apache2 is 0750 root:adm."""
    os.chown(log.parent, 0, grp.getgrnam("adm").gr_gid)
    log.parent.chmod(0o750)
    with nobody() as name:
        reason = refused(log)
    assert reason.startswith(f"unreadable (permission denied): {log.parent}: add {name} to group")


@as_root
def test_a_log_of_its_owner_alone_needs_an_access_list(log: Path) -> None:
    """No group helps where the group may not read."""
    log.chmod(0o600)
    with nobody() as name:
        reason = refused(log)
    assert reason.endswith(f"{log}: let {name} in: setfacl -m u:{name}:r {log}")


def test_other_errors_are_named_as_they_are(tmp_path: Path) -> None:
    """What is no matter of permissions needs no advice about them."""
    loop = tmp_path / "loop.log"
    loop.symlink_to(loop)
    assert refused(loop).startswith("unreadable (too many levels of symbolic links)")


@as_root
def test_an_unreadable_log_degrades_its_source_until_it_may_be_read(log: Path) -> None:
    """It is tried at every look; what was written meanwhile is not lost."""
    with rig(log.parent, start="beginning") as following:
        following.append(b"one")
        with nobody():
            following.open()
            health = following.source.health()
            assert (health.state, health.broken) == ("degraded", True)
            assert "usermod -aG adm" in health.reason
            since = health.since
            following.look()
            assert following.source.health().since == since
        log.chmod(0o644)
        with nobody():
            following.look()
        assert following.source.health().state == "ok"
        assert following.taken == [b"one"]


@as_root
def test_a_log_made_unreadable_is_read_on_through_its_descriptor(log: Path) -> None:
    """Mode 000 and back: nothing is lost, also in the file of the next rotation."""
    with rig(log.parent, start="beginning") as following:
        log.chmod(0o644)
        with nobody():
            following.open()
        log.chmod(0)
        following.append(b"one")
        with nobody():
            following.look()
        assert following.taken == [b"one"]
        following.rotate()
        log.chmod(0)
        following.append(b"two")
        with nobody():
            following.look()
        assert following.source.health().broken
        log.chmod(0o644)
        with nobody():
            following.look()
        assert following.taken == [b"one", b"two"]
        assert following.source.health().state == "ok"


@as_root
def test_one_unreadable_file_does_not_stop_the_others(log: Path) -> None:
    """The reason counts how many there are."""
    with rig(log.parent, "*.log", start="beginning") as following:
        for name in ("b.log", "c.log"):
            following.append(name.encode(), to=name)
        (log.parent / "b.log").chmod(0o600)
        with nobody():
            following.open()
        assert following.taken == [b"c.log"]
        assert following.source.health().reason.endswith("(and 1 more)")


@as_root
def test_a_closed_log_that_may_not_be_opened_again_is_kept_for_later(log: Path) -> None:
    """With few descriptors a log is opened again to be read; if that fails it is retried."""
    with rig(log.parent, "*.log", start="beginning", max_open=1) as following:
        log.chmod(0o644)
        following.append(b"x", to="x.log")
        following.open()
        log.chmod(0)
        following.append(b"one")
        following.append(b"y", to="x.log")
        with nobody():
            following.look()
            assert following.source.health().state == "ok"
            following.look()
            assert following.source.health().broken
        log.chmod(0o644)
        with nobody():
            following.look()
            following.look()
        assert following.source.health().state == "ok"
        assert sorted(following.taken) == [b"one", b"x", b"y"]
