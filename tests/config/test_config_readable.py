"""Whether a user can read what the sources follow, by owner, groups and mode bits."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from logmond.config.loading import loads
from logmond.config.readable import User, findings

NOBODY = 65534
ADM = 4


def _told(user: User, *patterns: Path | str) -> list[str]:
    """What is found about one source a pattern."""
    items = ", ".join(f"{{name: s{n}, files: '{p}'}}" for n, p in enumerate(patterns))
    config = loads(f"sources: [{items}]\n", "f.yaml", {}).config
    return [message for _, message in findings(config, user)]


def _stranger(*gids: int) -> User:
    """A user who owns nothing here."""
    return User("logmond", 12345, frozenset((12345, *gids)))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log below directories that anybody may enter."""
    for directory in (tmp_path, *tmp_path.parents):
        if directory.owner() == Path.home().owner() and str(directory).startswith("/tmp/"):
            directory.chmod(0o755)
    path = tmp_path / "access.log"
    path.write_text("x\n")
    return path


def test_a_file_for_everybody_is_readable(log: Path) -> None:
    """Nothing is said when all is well."""
    log.chmod(0o644)
    assert _told(_stranger(), log) == []


def test_the_owner_and_root_are_not_strangers(log: Path) -> None:
    """The owner's bits count for the owner, none count for root."""
    log.chmod(0o400)
    owner = log.stat().st_uid
    assert _told(User("me", owner, frozenset()), log) == []
    assert _told(User("root", 0, frozenset()), log) == []
    assert len(_told(_stranger(), log)) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_missing_group_is_named_as_the_fix(log: Path) -> None:
    """Debian's logs are 0640 www-data:adm; the service's user belongs into adm."""
    log.chmod(0o640)
    os.chown(log, NOBODY, ADM)
    assert _told(_stranger(), log) == [
        f"s0: user logmond cannot read {log} (0640 nobody:adm): usermod -aG adm logmond"
    ]
    assert _told(_stranger(ADM), log) == []


def test_without_a_group_that_could_an_access_list_is_the_fix(log: Path) -> None:
    """A file only its owner may read needs more than a group."""
    log.chmod(0o600)
    told = _told(_stranger(), log)
    assert len(told) == 1
    assert told[0].endswith(f": setfacl -m u:logmond:r {log}")


def test_a_closed_directory_is_named_instead_of_the_file(log: Path) -> None:
    """RHEL's /var/log/httpd is 0700: reading the file's mode would mislead."""
    log.chmod(0o644)
    log.parent.chmod(0o700)
    told = _told(_stranger(), log)
    assert len(told) == 1
    assert told[0].startswith(f"s0: user logmond cannot enter {log.parent} (0700 ")
    assert told[0].endswith(f": setfacl -m u:logmond:x {log.parent}")


def test_what_does_not_exist_yet_is_waited_for(log: Path) -> None:
    """A missing file is no error, but a typing error looks the same."""
    missing, deeper = log.parent / "no.log", log.parent / "no" / "x.log"
    assert _told(_stranger(), missing, deeper) == [
        f"s0: {missing} does not exist yet; waited for",
        f"s1: {deeper.parent} does not exist; waited for",
    ]


def test_a_directory_is_no_log(log: Path) -> None:
    """The likely pattern is offered."""
    assert _told(User.named(None), log.parent) == [
        f"s0: {log.parent} is a directory; try {log.parent}/*.log"
    ]


def test_one_file_under_two_patterns_is_found(log: Path) -> None:
    """A glob, and a link, can name what another source reads."""
    link = log.parent / "other.txt"
    link.symlink_to(log)
    assert _told(User.named(None), log, log.parent / "*.log", link) == [
        f"s1: {log} is read by source s0 already, as {log}",
        f"s2: {link} is read by source s0 already, as {log}",
    ]


def _told_of_secret(user: User, secret: Path) -> list[str]:
    """What is found about a file that holds the token of the admin port."""
    config = loads(f"admin: {{token_file: '{secret}'}}\n", "f.yaml", {}).config
    return [message for _, message in findings(config, user)]


def test_a_secret_that_the_user_cannot_read_is_found(log: Path) -> None:
    """The daemon would not begin."""
    log.chmod(0o600)
    (found,) = _told_of_secret(_stranger(), log)
    assert found.startswith(f"user logmond cannot read {log} (0600 ")
    assert found.endswith(f": setfacl -m u:logmond:r {log}")


def test_a_secret_that_everybody_can_read_is_found(log: Path) -> None:
    """It is none then; a closed directory keeps it all the same."""
    log.chmod(0o644)
    (found,) = _told_of_secret(_stranger(), log)
    assert found.startswith(f"everybody on this machine can read {log} (0644 ")
    assert found.endswith(f": chmod o= {log}")
    log.parent.chmod(0o700)
    owner = User("me", log.stat().st_uid, frozenset())
    assert _told_of_secret(owner, log) == []
