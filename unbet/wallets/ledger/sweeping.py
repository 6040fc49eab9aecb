"""Has the ledger decide parked cancels."""

from collections.abc import Sequence

from sqlalchemy import Connection

from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.journal.sweeping import lock_parked, put_back, remove_parked
from unbet.wallets.ledger.reversal import decide_cancels


def reverse_parked(
    connection: Connection, cancels: Sequence[Cancel], *, hold_unknown: bool = False
) -> list[Decision]:
    """Decide those of `cancels` that are still parked, and remove them in the same transaction;
    a record of it is kept.

    What another sweep has finished, or is at, is left out. A cancel of an unknown reference that is
    held stays, and its try does not count. Does not commit.
    """
    ours = lock_parked(connection, cancels)
    decisions = decide_cancels(connection, ours, hold_unknown=hold_unknown)
    held = [d.request_id for d in decisions if d.outcome is Outcome.PARKED]
    put_back(connection, held)
    decided = [d.request_id for d in decisions if d.outcome is not Outcome.PARKED]
    remove_parked(connection, decided)
    return decisions
