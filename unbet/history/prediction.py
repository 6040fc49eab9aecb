"""What would be decided of a cancel now: `reverse` decides it, and that is rolled back."""

from typing import Final, NamedTuple

from sqlalchemy import Connection, select

from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.history.records import EntryRecord
from unbet.wallets.ledger.reversal import reverse
from unbet.wallets.ledger.schema import accounts, bets, entries

_DECIDE_NOTHING: Final = (Outcome.MISMATCH, Outcome.CURRENCY_MISMATCH, Outcome.PARKED)


class Prediction(NamedTuple):
    """A decision that was not kept."""

    decision: Decision
    """As it would be; without the transfer's id where that transfer is still to be made."""
    is_repeat: bool
    """It was decided before: nothing would change."""
    returned: tuple[EntryRecord, ...] = ()
    """What the player's accounts would get, and hold then."""


def predict(connection: Connection, cancel: Cancel, *, hold_unknown: bool = False) -> Prediction:
    """What `reverse` decides of `cancel`, in a transaction of its own that is rolled back.

    Needs a worker's rights, and takes its locks for that long. What stays is what PostgreSQL does
    not roll back: the sequences have gone on. Raises as `reverse`.
    """
    try:
        (decided,) = reverse(connection, [cancel], hold_unknown=hold_unknown)
        if decided.outcome in _DECIDE_NOTHING:
            return Prediction(decided, is_repeat=False)
        if not _is_decided_by(connection, cancel):
            return Prediction(decided, is_repeat=True)
        returned = _entered(connection, decided.transfer_id)
        first = decided.model_copy(update={"transfer_id": None})
        return Prediction(first, is_repeat=False, returned=returned)
    finally:
        connection.rollback()


def _is_decided_by(connection: Connection, cancel: Cancel) -> bool:
    query = select(bets.c.cancel_request_id).where(
        bets.c.provider == cancel.provider, bets.c.reference == cancel.reference
    )
    return connection.execute(query).scalar() == cancel.request_id


def _entered(connection: Connection, transfer_id: int | None) -> tuple[EntryRecord, ...]:
    """The transfer's entries on the player's accounts."""
    query = (
        select(entries, accounts.c.owner, accounts.c.kind, accounts.c.currency)
        .join(accounts, accounts.c.id == entries.c.account_id)
        .where(entries.c.transfer_id == transfer_id, entries.c.balance_after.is_not(None))
        .order_by(entries.c.account_id)
    )
    return tuple(EntryRecord(**row) for row in connection.execute(query).mappings())
