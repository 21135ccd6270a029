"""The checks that hold for every test fail the tests they are meant to fail."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

_TESTS = Path(__file__).parents[1]

_INNER = """
import pytest
from twisted.internet import defer, protocol, reactor
from twisted.logger import Logger


def test_unheard_deferred():
    defer.fail(ValueError("unheard"))


def test_timer_left():
    reactor.callLater(3600, print)


def test_port_left():
    reactor.listenTCP(0, protocol.Factory(), interface="127.0.0.1")


def test_error_logged():
    Logger().error("broken")


def test_clean():
    reactor.callLater(0, print)


def test_error_expected(logged_errors):
    defer.fail(KeyError("expected"))
    assert len(logged_errors.flush(KeyError)) == 1


@pytest.mark.peer("no-such-program")
def test_peer():
    pass
"""


def _run(pytester: pytest.Pytester, **environ: str) -> pytest.RunResult:
    for name in ("conftest.py", "programs.py"):
        shutil.copy(_TESTS / name, pytester.path / name)
    pytester.makepyfile(test_inner=_INNER)
    pytester.makeini("[pytest]\nmarkers = peer(*names): x\n")
    wanted = os.environ | {"LOGMOND_REQUIRE_PEERS": ""} | environ
    with pytest.MonkeyPatch.context() as patch:
        for name, value in wanted.items():
            patch.setenv(name, value)
        return pytester.run(sys.executable, "-m", "pytest", "-rs", "-p", "no:cacheprovider")


def test_each_kind_of_leftover_fails_its_own_test(pytester: pytest.Pytester) -> None:
    """Unheard Deferreds, logged errors, timers and ports fail the test that left them, no other."""
    result = _run(pytester)
    result.assert_outcomes(passed=6, skipped=1, errors=4)
    text = result.stdout.str()
    for name in ("unheard_deferred", "timer_left", "port_left", "error_logged"):
        assert f"ERROR at teardown of test_{name}" in text
    assert "ValueError: unheard" in text


def test_a_missing_program_is_named(pytester: pytest.Pytester) -> None:
    """A test that misses its peer is skipped by the peer's name."""
    _run(pytester).stdout.fnmatch_lines(["SKIPPED*no no-such-program here"])


def test_a_missing_program_fails_where_all_are_required(pytester: pytest.Pytester) -> None:
    """With LOGMOND_REQUIRE_PEERS=1 the same test fails."""
    result = _run(pytester, LOGMOND_REQUIRE_PEERS="1")
    result.assert_outcomes(passed=6, errors=5)
    result.stdout.fnmatch_lines(["*no no-such-program here, and LOGMOND_REQUIRE_PEERS=1*"])
