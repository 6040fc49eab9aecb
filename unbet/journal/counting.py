"""Counts what somebody may have to look at in the ledger."""

from typing import Final, NamedTuple

from sqlalchemy import Connection, text

from unbet.journal.activity import moment
from unbet.journal.parking import ParkedCounts, parked_by_state
from unbet.journal.watching import LateBets, count_late_bets

_LATE_BETS: Final = text("SELECT count(*) FROM unbet_ledger.late_bets")


class LedgerState(NamedTuple):
    """The ledger at one moment."""

    parked: ParkedCounts
    oldest_parked_s: float
    """How long the oldest of those that wait for the sweep does; 0 if none does."""
    late_bets: int
    """Ever refused because their cancel was here first."""
    elsewhere: LateBets
    """Of wallets that cannot refuse them."""


def count(connection: Connection) -> LedgerState:
    """Needs to read states, times and the like, and nothing of a cancel."""
    parked = parked_by_state(connection)
    return LedgerState(
        ParkedCounts(*(parked[state].cancels for state in ParkedCounts._fields)),
        parked["parked"].waits(moment(connection)),
        int(connection.execute(_LATE_BETS).scalar_one()),
        count_late_bets(connection),
    )
