"""In which second a line of an old log counts whose stamp cannot be read, or lies ahead of now.

When it arrived nobody knows any more: not now. It counts with the line before
it, so that one bad stamp does not move the evaluated second by years.
"""

from __future__ import annotations

from logmond.ingest.kernel.stamps import MAX_AHEAD_S, Stamps


class OldStamps(Stamps):
    """Stamps of lines that were written one after the other, some time before now."""

    _before: int | None = None

    def _clamped(self, named: list[int | None], arrival: int, *, believed: bool) -> list[int]:
        newest = arrival + MAX_AHEAD_S
        odd = {second for second in set(named) if second is None or second > newest}
        if odd:
            self.skewed += sum(1 for second in named if second in odd and second is not None)
            self._stand_in(named, odd, arrival)
        self._before = named[-1]
        return named  # type: ignore[return-value]  # none is missing any more

    def _stand_in(self, named: list[int | None], odd: set[int | None], arrival: int) -> None:
        """Put the second of the line before in the place of every odd one."""
        before = self._before
        if before is None:
            before = next((second for second in named if second not in odd), arrival)
        for number, second in enumerate(named):
            if second in odd:
                named[number] = before
            else:
                before = second
