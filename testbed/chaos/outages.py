"""The times when the run had killed a receiver: they excuse a missing answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

SLACK: Final = timedelta(seconds=1)
"""The moment at which a process ends is noted by another one, a little before or after, and the
load balancer closes the connections that led there when it gets to it: 0.7 s later was seen."""

AFTERMATH: Final = timedelta(seconds=1.5)
"""For a second after a failure a receiver does not ask the ledger again."""


@dataclass(frozen=True)
class Outage:
    """From the kill to the first connection that was accepted again."""

    program: str
    since: datetime
    until: datetime

    def cut_off(self, begun: datetime, ended: datetime) -> bool:
        """Whether a call was under way at the kill."""
        return begun - SLACK <= self.since <= ended + SLACK

    def covers(self, moment: datetime) -> bool:
        """Whether the receiver was away then."""
        return self.since - SLACK <= moment <= self.until + SLACK


def excused(outages: Iterable[Outage], receivers: int, begun: datetime, seconds: float) -> bool:
    """Whether a call may have had no answer: a receiver was killed meanwhile, or all were away.

    One that began when another receiver was up has no excuse: the load balancer finds that one.
    """
    away = set()
    for outage in outages:
        if outage.cut_off(begun, begun + timedelta(seconds=seconds)):
            return True
        if outage.covers(begun):
            away.add(outage.program)
    return len(away) == receivers


def overlaps(windows: Iterable[Outage], begun: datetime, seconds: float) -> bool:
    """Whether a call was under way in one of the windows, or just after it."""
    ended = begun + timedelta(seconds=seconds)
    return any(w.since - SLACK <= ended and begun <= w.until + AFTERMATH for w in windows)
