"""What goes on in a thread while a test does something else."""

from __future__ import annotations

from threading import Event, Thread
from typing import Self


class Background:
    """Runs `_run` within the block; what fails there fails the test."""

    def __init__(self) -> None:
        self._stopped = Event()
        self._failure: BaseException | None = None
        self._thread = Thread(target=self._whole)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    @property
    def done(self) -> bool:
        """Whether it has come to its end, or failed."""
        return not self._thread.is_alive()

    def _whole(self) -> None:
        try:
            self._run()
        except BaseException as error:
            self._failure = error

    def _run(self) -> None:
        """Go on until all is done or `_stopped` is set."""
        raise NotImplementedError
