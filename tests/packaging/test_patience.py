"""Waiting has a limit of the test's own."""

from __future__ import annotations

import pytest
import pytest_twisted
from patience import eventually, within
from twisted.internet.defer import Deferred, succeed


@pytest_twisted.ensureDeferred
async def test_within_gives_the_result() -> None:
    """What is already there is given at once."""
    assert await within(5, succeed(3)) == 3


@pytest_twisted.ensureDeferred
async def test_within_fails_a_test_that_would_hang() -> None:
    """A Deferred that never fires becomes a failed assertion that says how long it took."""
    with pytest.raises(AssertionError, match=r"within 0\.01 s"):
        await within(0.01, Deferred())


@pytest_twisted.ensureDeferred
async def test_eventually_gives_the_first_true_value() -> None:
    """The condition is asked again until it holds."""
    answers = iter([0, 0, 7])
    assert await eventually(5, lambda: next(answers)) == 7


@pytest_twisted.ensureDeferred
async def test_eventually_says_what_there_was_instead() -> None:
    """A condition that never holds fails with the description."""
    with pytest.raises(AssertionError, match="only two"):
        await eventually(0.02, lambda: False, lambda: "only two")
