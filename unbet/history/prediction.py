"""What would be decided of a cancel now: the wallet decides it, and that is rolled back. Only one
that decides in a transaction of the journal's database can be asked so."""

from typing import Final, NamedTuple

from sqlalchemy import Connection, text

from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import MISMATCHES, Outcome
from unbet.history.explain import entries_of
from unbet.history.records import EntryRecord
from unbet.journal.closings import closed_decision, find_closed
from unbet.wallets.ledger.reversal import decide_cancels
from unbet.wallets.sql.wallet import call_function

_DECIDE_NOTHING: Final = MISMATCHES | {Outcome.PARKED}
_DECIDED_BY: Final = text("""
    SELECT cancel_request_id FROM unbet_ledger.bets
     WHERE provider = :provider AND reference = :reference
""")


class Prediction(NamedTuple):
    """A decision that was not kept."""

    decision: Decision
    """As it would be; without the transfer's id where that transfer is still to be made."""
    is_repeat: bool
    """It was decided before: nothing would change."""
    returned: tuple[EntryRecord, ...] | None = ()
    """What the player's accounts would get, and hold then; None where the wallet does not say."""


def predict(connection: Connection, cancel: Cancel, *, hold_unknown: bool = False) -> Prediction:
    """What `decide_cancels` decides of `cancel`, in a transaction of its own that is rolled back.

    Needs a worker's rights, and takes its locks for that long. What stays is what PostgreSQL does
    not roll back: the sequences have gone on. Raises as `reverse`.
    """
    try:
        (decided,) = decide_cancels(connection, [cancel], hold_unknown=hold_unknown)
        if cancel.of_round:
            return Prediction(decided, is_repeat=decided.replayed, returned=None)
        if decided.outcome in _DECIDE_NOTHING:
            return Prediction(decided, is_repeat=False)
        bet = {"provider": cancel.provider, "reference": cancel.reference}
        if connection.execute(_DECIDED_BY, bet).scalar() != cancel.request_id:
            return Prediction(decided, is_repeat=True)
        entries = entries_of(connection, [decided.transfer_id])[decided.transfer_id]
        returned = tuple(entry for entry in entries if entry.balance_after is not None)
        first = decided.model_copy(update={"transfer_id": None})
        return Prediction(first, is_repeat=False, returned=returned)
    finally:
        connection.rollback()


def predict_by_function(connection: Connection, cancel: Cancel) -> Prediction:
    """What is decided of `cancel` where the wallet is the operator's `unbet_cancel`, rolled back as
    with `predict`. Raises `WrongAnswerError`, and whatever the driver raises."""
    try:
        if find_closed(connection, [cancel]):
            return Prediction(closed_decision(cancel), is_repeat=True)
        (one,) = call_function(connection, [cancel])
    finally:
        connection.rollback()
    is_repeat = one.decision.outcome not in _DECIDE_NOTHING and bool(one.replayed)
    first = one.decision if is_repeat else one.decision.model_copy(update={"transfer_id": None})
    return Prediction(first, is_repeat=is_repeat, returned=None)
