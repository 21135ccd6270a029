"""Random file operations against a model: every line once, whatever happens to the files."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import IO, Any

from filerig import Rig
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from logmond.ingest.sources.track import GRACE_S


class Files(RuleBasedStateMachine):
    """A server writes, logrotate rotates, the daemon looks, commits, and is killed.

    The model is the list of whole lines that were written, and the number of
    tails that nobody will complete. The server keeps its descriptor over a
    rotation until it is told to reopen.
    """

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="files-"))
        self.rig = Rig(self.directory, start="beginning")
        self.server: IO[bytes] = self.rig.path.open("ab", buffering=0)
        self.written: list[bytes] = []
        self.begun = b""
        self.parts = 0
        self.tails = 0
        self.rotated = False
        self.rig.open()
        self.rig.commit()

    def line(self, padding: int) -> bytes:
        """A line that begins like no other, as its stamp makes sure."""
        return b"%d.%d%s" % (len(self.written), self.parts, b"." * padding)

    @rule(count=st.integers(1, 5), padding=st.sampled_from([0, 7, 300]))
    def append(self, count: int, padding: int) -> None:
        """Whole lines; the first completes what was begun."""
        for _ in range(count):
            line = self.line(padding)
            self.server.write(line + b"\n")
            self.written.append(self.begun + line)
            self.begun = b""

    @rule()
    def begin(self) -> None:
        """A part of a line."""
        part = self.line(0) + b":"
        self.parts += 1
        self.server.write(part)
        self.begun += part

    @rule()
    def rename(self) -> None:
        """Rotation by name; the server does not know yet."""
        self.reopen()
        self.rig.rotate()
        self.rotated = True

    @rule()
    def reopen(self) -> None:
        """The server goes over to the new file; what it had begun stays unfinished."""
        if self.rotated:
            self.server.close()
            self.server = self.rig.path.open("ab", buffering=0)
            self.tails += bool(self.begun)
            self.begun = b""
            self.rotated = False

    @precondition(lambda self: not self.begun)
    @rule()
    def copytruncate(self) -> None:
        """Rotation by copy, while nothing is half written."""
        self.reopen()
        if not self.rig.can_tell(self.rig.path):
            # A file of which nothing was counted cannot be told by its beginning.
            self.settle()
        self.rig.copytruncate()

    @precondition(lambda self: not self.begun)
    @rule()
    def remove(self) -> None:
        """The log is deleted once it was read, and made anew."""
        self.reopen()
        self.settle()
        self.server.close()
        self.rig.path.unlink()
        self.server = self.rig.path.open("ab", buffering=0)

    @rule()
    def look(self) -> None:
        """The daemon looks, and reads."""
        self.rig.look()

    @rule()
    def commit(self) -> None:
        """What was counted becomes durable."""
        self.rig.commit()

    @rule()
    def settle(self) -> None:
        """Everything is read and durable."""
        self.rig.look()
        self.rig.commit()

    @rule()
    def wait(self) -> None:
        """The grace of rotated files passes, once the server has reopened."""
        self.reopen()
        self.rig.look()
        self.rig.look(GRACE_S)
        self.rig.look()

    @rule()
    def kill(self) -> None:
        """The daemon is killed and started again."""
        self.rig.restart()

    @invariant()
    def nothing_is_counted_twice(self) -> None:
        """What was counted was written, and once."""
        assert not Counter(self.rig.taken) - Counter(self.written)
        assert self.rig.intake.ledger.balanced

    def teardown(self) -> None:
        """In the end every line was counted, and every abandoned tail."""
        try:
            self.wait()
            assert Counter(self.rig.taken) == Counter(self.written)
            assert self.rig.ledger["cut"] == self.tails
        finally:
            self.rig.source.close()
            self.server.close()
            shutil.rmtree(self.directory)


def test_random_file_operations_equal_the_model() -> None:
    """Every whole line is counted once, over any rotations, removals and kills."""
    machine: Any = Files
    run_state_machine_as_test(machine, settings=settings(max_examples=100, stateful_step_count=40))
