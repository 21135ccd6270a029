"""Positions of an earlier run, joined again with the files they were taken of.

While nobody looked files were rotated, copied, truncated, replaced, and moved
to another device number. A position is claimed by the file that has its device,
its inode and its fingerprint; else by one with inode and fingerprint; else by a
copy, which has the fingerprint alone; what gzip made of a file is a copy. A file
is claimed once, and what it holds is never claimed again by a copy: of two
positions of one file the further counts.
Last come the positions of files of which nothing was counted: they have an
inode only, and that may be used again by what was counted elsewhere.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from logmond.ingest.sources.compressed import head_of
from logmond.ingest.sources.follower import Follower
from logmond.ingest.sources.identity import FilePosition, fingerprint
from logmond.ingest.sources.register import Register

Position = FilePosition
Status = os.stat_result


def restored(
    positions: Sequence[Position], shown: Mapping[str, Status], register: Register
) -> dict[str, list[Follower]]:
    """Follow every file that is found again; for each path of a position, oldest file first.

    Args:
        positions: without markers.
        shown: the files the source's patterns mean now, by path.
        register: takes the followers.
    """
    paths = {position.path for position in positions}
    beside = {path: register.beside.siblings(path, compressed=True) for path in sorted(paths)}
    candidates: dict[str, Status] = {
        sibling.path: sibling.status for found in beside.values() for sibling in found
    }
    candidates.update(shown)
    by_inode: dict[int, list[tuple[str, Status]]] = defaultdict(list)
    for path, status in candidates.items():
        by_inode[status.st_ino].append((path, status))
    claimed: dict[str, list[Follower]] = defaultdict(list)

    def claim(waiting: list[Position], places: Callable[[Position], Iterable[str]]) -> None:
        for position in waiting.copy():
            for path in places(position):
                follower = register.resume(path, position)
                if follower is not None:
                    claimed[position.path].append(follower)
                    waiting.remove(position)
                    break

    def same_device(position: Position) -> list[str]:
        places = by_inode[position.inode]
        return [path for path, status in places if status.st_dev == position.device]

    def same_inode(position: Position) -> list[str]:
        return [path for path, _ in by_inode[position.inode]]

    def paths_beside(position: Position) -> list[str]:
        return [sibling.path for sibling in reversed(beside[position.path])]

    sure_positions = [position for position in positions if position.fingerprint_length]
    sure = sorted(sure_positions, key=lambda position: -position.offset)
    claim(sure, same_device)
    claim(sure, same_inode)
    followed = [each.head for found in claimed.values() for each in found]
    lost = [position for position in sure if not any(_begins(head, position) for head in followed)]
    heads = {path: head_of(path) for position in lost for path in paths_beside(position)}
    claim(
        lost,
        lambda position: [
            path for path in paths_beside(position) if _begins(heads[path], position)
        ],
    )
    claim(
        [position for position in positions if not position.fingerprint_length],
        lambda position: [
            path
            for path in same_inode(position)
            if not any(_begins(head_of(path), counted) for counted in sure_positions)
        ],
    )
    for path, found in claimed.items():
        order = {sibling.path: index for index, sibling in enumerate(beside[path])}
        order[path] = len(order)
        found.sort(key=lambda follower: order.get(follower.path, -1))
    return claimed


def _begins(head: bytes, position: FilePosition) -> bool:
    length = position.fingerprint_length
    return len(head) >= length and fingerprint(head[:length]) == position.fingerprint
