"""What would be decided of a cancel now: found by reading only, nothing is locked or written.

The decision itself is made by `reverse.sql`. That both say the same is tested for every outcome
(`tests/ledger/test_prediction.py`).
"""

from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import Connection, select

from unbet.core.message import Cancel, CancelRequest, Decision
from unbet.core.money import EXACT
from unbet.core.outcomes import Outcome
from unbet.history.explain import explain
from unbet.history.story import BetFact, EntryFact, Story
from unbet.wallets.ledger.schema import accounts


class Prediction(NamedTuple):
    """A decision that was not made."""

    decision: Decision
    """As it would be; without the transfer's id where that transfer is still to be made."""
    is_repeat: bool
    """It was decided before: nothing would change."""
    returned: tuple[EntryFact, ...] = ()
    """What the player's accounts would get, and hold then."""


def predict(connection: Connection, cancel: Cancel, *, hold_unknown: bool = False) -> Prediction:
    """What `reverse` would decide of `cancel`. Reads several tables: use a transaction with a
    snapshot."""
    asked = cancel.request
    story = next(iter(explain(connection, asked.reference, cancel.provider)), None)
    bet = story.bet if story else None
    outcome = _outcome(bet, asked, hold_unknown)
    found = Decision(request_id=cancel.request_id, outcome=outcome)
    if outcome is Outcome.PARKED:
        return Prediction(found, is_repeat=False)
    found = found.model_copy(update={"currency": asked.currency})
    if bet and (bet.user_id, bet.currency) != (asked.user_id, asked.currency):
        # What belongs to another player's bet, or to one in another currency, is not told.
        return Prediction(found, is_repeat=bet.amount is None)
    if bet and bet.outcome:
        before = {"transfer_id": bet.reversal_id, "cash": bet.cash_after}
        return Prediction(found.model_copy(update=before), is_repeat=True)
    held = _held(connection, asked)
    returned = _returned(story, held) if story and outcome is Outcome.REVERSED else ()
    cash = next((entry.balance_after for entry in returned if entry.kind == "cash"), None)
    after = {"cash": held.get("cash") if cash is None else cash}
    return Prediction(found.model_copy(update=after), is_repeat=False, returned=returned)


def _outcome(bet: BetFact | None, asked: CancelRequest, hold_unknown: bool) -> Outcome:
    """In the order of DESIGN: tombstone, player, currency, the bet's state."""
    if bet is None:
        return Outcome.PARKED if hold_unknown else Outcome.NO_BET
    if bet.state == "tombstone":
        return bet.outcome or Outcome.NO_BET
    if bet.user_id != asked.user_id:
        return Outcome.MISMATCH
    if bet.currency != asked.currency:
        return Outcome.CURRENCY_MISMATCH
    if bet.outcome is Outcome.CLOSED:
        return Outcome.CLOSED
    by_state = {"refused": Outcome.BET_REFUSED, "settled": Outcome.SETTLED}
    return by_state.get(bet.state, Outcome.REVERSED)


def _held(connection: Connection, asked: CancelRequest) -> dict[str, Decimal]:
    """What the player's accounts hold now; nothing for one that is not there."""
    query = select(accounts.c.kind, accounts.c.balance).where(
        accounts.c.owner == asked.user_id,
        accounts.c.currency == asked.currency,
        accounts.c.balance.is_not(None),
    )
    return {row.kind: row.balance for row in connection.execute(query)}


def _returned(story: Story, held: dict[str, Decimal]) -> tuple[EntryFact, ...]:
    """The stake's entries with the sign turned round."""
    stake = [entry for t in story.transfers if t.kind == "bet" for entry in t.entries]
    return tuple(
        entry.model_copy(
            update={
                "amount": EXACT.minus(entry.amount),
                "balance_after": EXACT.subtract(held[entry.kind], entry.amount),
            }
        )
        for entry in stake
        if entry.balance_after is not None
    )
