"""The files of one source, each followed once, with a bound on open descriptors.

A file may be shown by several names: a link, a glob that finds rotated files
too. What counts is its identity, so all paths of a source share this register.
Descriptors beyond `max_open` are closed, the least recently used first; a
follower without one is opened again where its file is found.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from contextlib import ExitStack, suppress
from errno import ENOENT

from logmond.errors import SourceError
from logmond.ingest.sources.compressed import follower_of, holds
from logmond.ingest.sources.follower import Follower, open_regular
from logmond.ingest.sources.identity import FilePosition, Identity, identity_of
from logmond.ingest.sources.rotation import Beside, Sibling
from logmond.ingest.sources.seam import Intake
from logmond.ingest.sources.wholelines import MAX_BYTES

MAX_OPEN = 256
"""Descriptors one source keeps open."""

_VICTIMS_LOOKED_AT = 64


class Register:
    """Followers by identity."""

    def __init__(
        self, intake: Intake, max_bytes: int = MAX_BYTES, max_open: int = MAX_OPEN
    ) -> None:
        self.intake = intake
        self.max_bytes = max_bytes
        self.beside = Beside()
        self._max_open = max_open
        self._followers: dict[Identity, Follower] = {}
        self._open: OrderedDict[Identity, Follower] = OrderedDict()

    def get(self, identity: Identity) -> Follower | None:
        """The follower of a file, None if there is none."""
        return self._followers.get(identity)

    @property
    def open_descriptors(self) -> int:
        """How many descriptors are open now."""
        return len(self._open)

    def follow(self, path: str, identity: Identity | None = None) -> tuple[Follower, bool]:
        """The follower of the file at `path`, and whether it is new (then read from 0 on).

        Args:
            path: of a file.
            identity: of the file that is wanted, if only that one is.

        Raises:
            OSError: it cannot be opened; FileNotFoundError if another one lies there.
            SourceError: it is no regular file.
        """
        with ExitStack() as unless_entered:
            descriptor, status = open_regular(path)
            unless_entered.callback(os.close, descriptor)
            if identity is not None and identity_of(status) != identity:
                raise FileNotFoundError(ENOENT, "another file has its name now", path)
            known = self._known(descriptor, status)
            if known is not None:
                return known, False
            follower = self._enter(path, descriptor, status)
            unless_entered.pop_all()
            return follower, True

    def resume(self, path: str, position: FilePosition) -> Follower | None:
        """Follow the file at `path` from `position` on, if it continues what that counted."""
        with suppress(OSError, SourceError), ExitStack() as unless_entered:
            descriptor, status = open_regular(path)
            unless_entered.callback(os.close, descriptor)
            if holds(path, position, status, descriptor) and not self._known(descriptor, status):
                follower = self._enter(path, descriptor, status)
                unless_entered.pop_all()
                follower.seek(position.offset)
                return follower
        return None

    def begin_again(self, follower: Follower) -> Follower:
        """Follow the same inode anew, from 0 on; the old follower loses its descriptor."""
        descriptor, follower.descriptor = follower.descriptor, None
        assert descriptor is not None
        status = os.fstat(descriptor)
        fresh = Follower(follower.path, descriptor, status, self.intake, self.max_bytes)
        self._followers[fresh.identity] = self._open[fresh.identity] = fresh
        return fresh

    def copy_of(self, follower: Follower, found: list[Sibling]) -> Follower | None:
        """A file that begins like `follower` did and is not followed: what copytruncate left."""
        position = follower.position(follower.path)
        if not position.fingerprint_length:
            return None
        copies = (self.resume(each.path, position) for each in reversed(found))
        return next((copy for copy in copies if copy is not None), None)

    def opened(self, follower: Follower, path: str) -> bool:
        """See that a follower has a descriptor, looking around `path`; False if its file is gone.

        Raises:
            OSError: the file is there and cannot be opened.
        """
        if follower.descriptor is None and not self._reopened(follower, path):
            return False
        self._use(follower)
        return True

    def forget(self, follower: Follower) -> None:
        """Follow a file no more."""
        self.rest(follower)
        if self._followers.get(follower.identity) is follower:
            del self._followers[follower.identity]

    def rest(self, follower: Follower) -> None:
        """Close a follower's descriptor for now."""
        if self._open.get(follower.identity) is follower:
            del self._open[follower.identity]
        follower.close()

    def close(self) -> None:
        """Close every descriptor; positions stay."""
        for follower in self._open.values():
            follower.close()
        self._open.clear()

    def _known(self, descriptor: int, status: os.stat_result) -> Follower | None:
        """The follower of a file just opened. One without a descriptor may be of a file that
        is gone, its inode used again: then it is forgotten.
        """
        known = self._followers.get(identity_of(status))
        if known is None or known.descriptor is not None:
            return known
        if holds(known.path, known.position(known.path), status, descriptor):
            return known
        known.forsake_tail()
        self.forget(known)
        if known.track is not None:
            known.track.release(known)
        return None

    def _enter(self, path: str, descriptor: int, status: os.stat_result) -> Follower:
        follower = follower_of(path, descriptor, status, self.intake, self.max_bytes)
        self._followers[follower.identity] = follower
        self._use(follower)
        return follower

    def _reopened(self, follower: Follower, path: str) -> bool:
        for place in dict.fromkeys((follower.path, path)):
            with suppress(FileNotFoundError, NotADirectoryError, SourceError):
                if follower.reopen(place):
                    return True
        for sibling in self.beside.siblings(path, compressed=True):
            if sibling.identity == follower.identity:
                with suppress(FileNotFoundError):
                    return follower.reopen(sibling.path)
        return False

    def _use(self, follower: Follower) -> None:
        self._open[follower.identity] = follower
        self._open.move_to_end(follower.identity)
        if len(self._open) > self._max_open:
            self._close_one(follower)

    def _close_one(self, spared: Follower) -> None:
        """Close the least recently used file that can be found again by a name."""
        for _, victim in zip(range(_VICTIMS_LOOKED_AT), self._open.values(), strict=False):
            assert victim.descriptor is not None
            if victim is not spared and os.fstat(victim.descriptor).st_nlink:
                self.rest(victim)
                return
