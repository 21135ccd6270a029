"""How far the clocks of a source's senders are off: stamps beside arrivals. No sockets, no clock.

A line is stamped before it arrives: by a sender's clock, and by as much earlier
as it took to get here. Apache stamps the start of a request, relays keep lines
back, so most lines seem late; the one least late in some minutes tells the
clock. Sender is the address a message came from together with the host its
header names, since one relay speaks for many.
"""

from __future__ import annotations

from dataclasses import dataclass

from logmond.telemetry import decoded, span, visible

MAX_SENDERS = 64
"""Senders told apart; all others are one."""

WARN_S = 30
"""An offset of more is worth a warning: every window of such a sender is another one."""

WINDOW_S = 300
SHOWN = 5

_BUCKET_S = 60
_HOST_BYTES = 64
_OTHERS = ("(others)", b"")

Sender = tuple[str, bytes]
"""The address, empty for a unix socket, and the host of the syslog header."""


@dataclass(frozen=True, slots=True)
class SenderClock:
    """One sender's clock: seconds `behind` ours, negative when it is ahead."""

    sender: str
    behind_s: float

    @property
    def off(self) -> bool:
        """Whether it is worth a warning."""
        return abs(self.behind_s) > WARN_S

    @property
    def told(self) -> str:
        """What is wrong and what mends it."""
        way = "behind" if self.behind_s > 0 else "ahead"
        return (
            f"clock of sender {self.sender} is {span(abs(self.behind_s))} {way}, its lines count "
            "in other seconds than they should: timedatectl set-ntp true (or chrony) over there; "
            "whole hours are its time zone"
        )


class SenderClocks:
    """The least lateness of every sender, minute by minute for `WINDOW_S`."""

    def __init__(self) -> None:
        self._least: dict[Sender, dict[int, float]] = {}

    def note(self, address: str, host: bytes, behind_s: float, now: float) -> None:
        """A line of this sender named a second `behind_s` before it arrived at `now`."""
        sender = (address, host[:_HOST_BYTES])
        minutes = self._least.get(sender)
        if minutes is None:
            minutes = self._admitted(sender, now)
        minute = int(now // _BUCKET_S)
        least = minutes.get(minute)
        if least is None:
            for old in [old for old in minutes if old <= minute - WINDOW_S // _BUCKET_S]:
                del minutes[old]
            minutes[minute] = behind_s
        elif behind_s < least:
            minutes[minute] = behind_s

    def _admitted(self, sender: Sender, now: float) -> dict[int, float]:
        """Where a sender not known yet is noted."""
        if len(self._least) >= MAX_SENDERS:
            self._forget(now)
        if len(self._least) >= MAX_SENDERS:
            sender = _OTHERS
        return self._least.setdefault(sender, {})

    def _forget(self, now: float) -> None:
        """Make room: who has sent nothing in the window is gone."""
        oldest = int(now // _BUCKET_S) - WINDOW_S // _BUCKET_S
        for sender, minutes in list(self._least.items()):
            if sender != _OTHERS and max(minutes, default=0) <= oldest:
                del self._least[sender]

    def clocks(self, now: float) -> list[SenderClock]:
        """Every sender of the window, the clock furthest off first."""
        oldest = int(now // _BUCKET_S) - WINDOW_S // _BUCKET_S
        found = []
        for sender, minutes in self._least.items():
            recent = [least for minute, least in minutes.items() if minute > oldest]
            if recent:
                found.append(SenderClock(_shown(sender), min(recent)))
        return sorted(found, key=lambda clock: (-abs(clock.behind_s), clock.sender))

    def notes(self, now: float) -> list[str]:
        """What `sources` says: every clock that is off, and the few furthest off in one line."""
        clocks = self.clocks(now)
        if not clocks:
            return []
        parts = [f"{clock.sender} {clock.behind_s:+.0f}s" for clock in clocks[:SHOWN]]
        if len(clocks) > SHOWN:
            parts.append(f"{len(clocks) - SHOWN} more")
        off = [clock.told for clock in clocks if clock.off]
        return [*off[:SHOWN], f"sender clocks behind ours: {', '.join(parts)}"]


def _shown(sender: Sender) -> str:
    address, host = sender
    return " ".join(part for part in (address, visible(decoded(host))) if part) or "unix socket"
