"""A process that counts lines into a state file until it is killed or told to stop.

Run as ``python counting_child.py STATE [LIMIT_BYTES]``. Each commit counts some
lines in some seconds and moves the offset on by as many, so that the sum of
the frames equals the offset in every consistent state. A byte on its standard
output tells that a round of commits was written, ``!`` that it failed. Of the
lines on its standard input, ``lift`` lifts the limit of file sizes, others are
commands for the shell; the end of input ends it.
"""

import os
import resource
import subprocess
import sys
from itertools import count
from threading import Thread

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults

from logmond.stores.rows import Changes, FileRow, IncidentRow
from logmond.stores.sqlite import SqliteState

PADDING = b"x" * 4000


def counted(frames: dict[tuple[str, int], bytes]) -> int:
    """The lines in packed frames: here a number behind its padding."""
    return sum(int(body[len(PADDING) :]) for body in frames.values())


class Child:
    """Counts as fast as commits are written, often several at once."""

    def __init__(self, path: str) -> None:
        self.state = SqliteState(path, reactor)
        restored = self.state.open()
        self.offset = restored.files[0].offset if restored.files else 0
        self.lines = {
            start: int(body[len(PADDING) :]) for (_, start), body in restored.frames.items()
        }
        self.numbers = count(self.offset)
        self.stopping = False

    def changes(self) -> Changes:
        """Count five lines, in a second seen before or a new one."""
        second = next(self.numbers) % 50
        self.lines[second] = self.lines.get(second, 0) + 5
        self.offset += 5
        return Changes(
            files=[FileRow("nginx", "/var/log/access.log", 1, 2, b"first", 5, self.offset)],
            frames={("second", second): PADDING + b"%d" % self.lines[second]},
            values={"offset": b"%d" % self.offset},
            incidents=[IncidentRow("one", "high-traffic", 1, None, b"%d" % self.offset)],
        )

    def step(self, _: object = None) -> None:
        """Commit some changes at once, tell what became of them, go on."""
        if self.stopping:
            self.state.close().addBoth(lambda _: reactor.stop())
            return
        written: Deferred[object] = gatherResults(
            [self.state.commit(self.changes()) for _ in range(1 + self.offset % 3)]
        )
        written.addCallback(self.told)
        written.addErrback(lambda failure: failure.printTraceback())

    def told(self, _: object) -> None:
        """One byte a round."""
        os.write(1, b"!" if self.state.problem else b".")
        reactor.callLater(0, self.step)

    def listen(self) -> None:
        """Do what the lines of standard input say, stop at their end."""
        for line in sys.stdin:
            if line == "lift\n":
                resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
            else:
                subprocess.run(line, shell=True, check=True)
        reactor.callFromThread(setattr, self, "stopping", True)


def main() -> None:
    """Count until the end."""
    path = sys.argv[1]
    child = Child(path)
    if len(sys.argv) > 2:
        limit = int(sys.argv[2])
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    Thread(target=child.listen, daemon=True).start()
    reactor.callWhenRunning(child.step)
    reactor.run()


if __name__ == "__main__":
    main()
