"""What became of a round: what was cancelled of it, and each of its bets."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from unbet.core.outcomes import Outcome
from unbet.history.records import CancelledRoundRecord, History, RoundBetRecord, RoundRecord
from unbet.history.timeline.phrases import counted, listed, money, refused, when
from unbet.wallets.ledger.operations import Refusal

MAX_BETS: Final = 5
"""More are counted; the timeline has each."""

MEANING: Final = {
    Outcome.REVERSED: "each bet of the round that stood was reversed",
    Outcome.NO_BET: "the round has no bet that is meant; if one still comes, it is refused",
    Outcome.BET_REFUSED: "the round's bets had been refused: nothing to return",
    Outcome.SETTLED: "the round's bets had their result already: nothing is returned",
    Outcome.CLOSED: "nothing is returned, unless a person reopens it",
    Outcome.MISMATCH: "the round's bets are other players': none changes",
    Outcome.CURRENCY_MISMATCH: "the round's bets are in another currency: none changes",
    Outcome.AMOUNT_MISMATCH: "the round's bets are of another amount: none changes",
    Outcome.BATCH_REFUSED: "another bet of the request cannot be cancelled: nothing of it is done",
}


def cancelled_round(found: RoundRecord) -> str:
    """What was cancelled of it, without a full stop."""
    if not found.cancelled:
        return "The round is not cancelled"
    return "; ".join(map(_cancelled, found.cancelled))


def bets_of_round(history: History) -> Iterator[str]:
    """What its bets are by now."""
    bets = history.round.bets if history.round else ()
    if 0 < len(bets) <= MAX_BETS:
        yield from map(_bet, bets)
    elif bets:
        states = Counter(bet.state for bet in bets)
        numbers = listed(f"{number} {state}" for state, number in states.items())
        yield f"{counted(len(bets), 'bet')}: {numbers}"


def round_of_bet(history: History) -> Iterator[str]:
    """That the bet's round was cancelled."""
    if history.bet and history.round_cancelled_at is not None:
        at = when(history.round_cancelled_at)
        yield f"its round {history.bet.round_id} was cancelled on {at}"


def title_of(bet: RoundBetRecord) -> str:
    """For a timeline."""
    state = "not cancelled" if bet.state == "placed" else bet.state
    return f"Bet {bet.reference}: {state}"


def detail_of(bet: RoundBetRecord) -> str:
    """The rest that is known of it."""
    return f"player {bet.user_id}; {_became(bet)}"


def _cancelled(row: CancelledRoundRecord) -> str:
    whose = f"player {row.user_id}" if row.user_id else "all players"
    money_in = f" in {row.currency}" if row.currency else ""
    outcome = row.outcome.value.replace("_", " ")
    return f"Round cancelled on {when(row.cancelled_at)} for {whose}{money_in}: {outcome}"


def _bet(bet: RoundBetRecord) -> str:
    return f"bet {bet.reference}: {_became(bet)}"


def _became(bet: RoundBetRecord) -> str:
    # No tombstone names a round.
    stake = money(bet.amount or Decimal(), bet.currency)
    if bet.refusal is Refusal.CANCELLED:
        return f"{stake}, refused since its round was cancelled"
    if bet.refusal:
        return f"{stake}, refused ({refused(bet.refusal)})"
    closed = ", its cancel closed" if bet.outcome is Outcome.CLOSED else ""
    return f"{stake}, {bet.state}{closed}"
