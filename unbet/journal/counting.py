"""Counts what somebody may have to look at in the ledger."""

from typing import Final, NamedTuple

from sqlalchemy import Connection, text

from unbet.journal.parking import ParkedCounts, count_parked

_OLDEST: Final = text("""
    SELECT greatest(0, extract(epoch FROM now() - min(parked_at)))
      FROM unbet.parked WHERE state = 'parked'
""")
_LATE_BETS: Final = text("SELECT count(*) FROM unbet_ledger.late_bets")


class LedgerState(NamedTuple):
    """The ledger at one moment."""

    parked: ParkedCounts
    oldest_parked_s: float
    """How long the oldest of those that wait for the sweep does; 0 if none does."""
    late_bets: int
    """Ever refused because their cancel was here first."""


def count(connection: Connection) -> LedgerState:
    """Needs to read the states and times of `parked`, and nothing of a cancel."""
    return LedgerState(
        count_parked(connection),
        float(connection.execute(_OLDEST).scalar_one()),
        int(connection.execute(_LATE_BETS).scalar_one()),
    )
