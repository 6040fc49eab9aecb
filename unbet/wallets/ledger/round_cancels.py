"""Decides cancels of rounds: each bet of the round gets a cancel of its own, and `reverse` decides
them all in the same transaction. The round's row refuses the bets that come later.

A cancel is about the bets that fit what it says: of its player, in its currency, and all of them
where it says neither. Players may share a round, at a live table for one: another player's bets are
not asked for, and stay. Where some fit these are reversed: to reverse none for the sake of the
others would keep money from who is named. Where bets are there and none fits it is a mismatch, as
with a bet; the named player's bets to come are refused all the same. An amount is that of all bets
that fit, together: where it differs nothing is decided.

Locks: the rounds', then bets and accounts as in `reverse.sql`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy import Connection

from unbet.core.message import Cancel, Decision
from unbet.core.money import EXACT
from unbet.core.outcomes import MISMATCHES, Outcome
from unbet.journal.parking import park
from unbet.journal.recording import Record, record_requests
from unbet.wallets.ledger.round_locks import is_free, lock_rounds
from unbet.wallets.ledger.round_rows import (
    BetRow,
    CancelledRound,
    add_cancelled,
    cash_of,
    read_bets,
    read_cancelled,
    read_closed,
)
from unbet.wallets.ledger.round_scope import Scope

_STRONGEST: Final = (Outcome.REVERSED, Outcome.SETTLED, Outcome.CLOSED, Outcome.BET_REFUSED)
"""What is told of a round, by what is told of its bets: the first of these that is among it."""
_LEAVE_NO_ROW: Final = frozenset({Outcome.AMOUNT_MISMATCH, Outcome.CLOSED})

Reverse = Callable[[Connection, Sequence[Cancel]], list[Decision]]
"""Decides cancels of bets, and records them."""
FindBlocked = Callable[[Connection, Sequence[Cancel]], set[UUID]]


def cancel_rounds(
    connection: Connection,
    cancels: Sequence[Cancel],
    reverse: Reverse,
    *,
    hold_unknown: bool = False,
) -> list[Decision]:
    """Decide cancels of rounds, in their order, and record them. Does not commit. With
    `hold_unknown` one of a round without bets is parked, and bets that come are taken. Raises as
    `reverse`."""
    lock_rounds(connection, cancels)
    # What follows sees whatever was committed before the locks were granted.
    deciding = _Deciding(connection, cancels, hold_unknown)
    deciding.reverse_bets(reverse)
    decisions = [deciding.decide(cancel) for cancel in cancels]
    deciding.record()
    return decisions


def find_blocked_rounds(
    connection: Connection, cancels: Sequence[Cancel], find_blocked: FindBlocked
) -> set[UUID]:
    """As `find_blocked`, of cancels of rounds: those whose round is locked, or one of its bets as
    `find_blocked` finds it."""
    blocked = {one.request_id for one in cancels if not is_free(connection, one)}
    bets = read_bets(connection, cancels)
    parents = {child.request_id: one for one in cancels for child in _children(one, bets)}
    children = [child for one in cancels for child in _children(one, bets)]
    return blocked | {parents[name].request_id for name in find_blocked(connection, children)}


class _Deciding:
    """One call of `cancel_rounds`."""

    def __init__(
        self, connection: Connection, cancels: Sequence[Cancel], hold_unknown: bool
    ) -> None:
        self._connection = connection
        self._cancels = cancels
        self._hold_unknown = hold_unknown
        self._bets = read_bets(connection, cancels)
        self._cancelled = read_cancelled(connection, cancels)
        self._closed = read_closed(connection, cancels)
        self._added: list[CancelledRound] = []
        self._records: list[Record] = []
        self._of_bets: dict[UUID, Decision] = {}

    def reverse_bets(self, reverse: Reverse) -> None:
        """All at once: `reverse` locks the bets and accounts of all rounds in one order."""
        looked_at = [cancel for cancel in self._cancels if self._refusal(cancel) is None]
        left = [bet for bet in self._bets if not any(closed.has(bet) for closed in self._closed)]
        children = [child for cancel in looked_at for child in _children(cancel, left)]
        decisions = reverse(self._connection, children)
        self._of_bets = {one.request_id: one for one in decisions}

    def decide(self, cancel: Cancel) -> Decision:
        outcome = self._refusal(cancel)
        if outcome is not None:
            decision = Decision(
                request_id=cancel.request_id, outcome=outcome, currency=cancel.currency
            )
        else:
            decision = self._decide(cancel)
        if decision.outcome is Outcome.PARKED:
            park(self._connection, [cancel], reason="unknown reference")
        else:
            self._keep(cancel, decision)
        return decision

    def record(self) -> None:
        """What was decided. Does not commit."""
        add_cancelled(self._connection, self._added)
        if self._records:
            record_requests(self._connection, None, self._records)

    def _refusal(self, cancel: Cancel) -> Outcome | None:
        """What the cancel is told though its bets are not looked at; None if they are."""
        scope = Scope.of(cancel)
        fitting = [bet for bet in self._bets if scope.has(bet)]
        if self._first(scope) is None:
            if any(closed.covers(scope) for closed in self._closed):
                return Outcome.CLOSED
            others = {bet.user_id for bet in self._bets if scope.has_round_of(bet)}
            if others and not fitting:
                is_anothers = scope.user_id not in ("", *others)
                return Outcome.MISMATCH if is_anothers else Outcome.CURRENCY_MISMATCH
        stakes = [bet.amount for bet in fitting if bet.state != "refused"]
        if cancel.amount is not None and stakes and _sum(stakes) != cancel.amount:
            return Outcome.AMOUNT_MISMATCH
        return None

    def _decide(self, cancel: Cancel) -> Decision:
        scope = Scope.of(cancel)
        first = self._first(scope)
        fitting = [bet for bet in self._bets if scope.has(bet)]
        of_bets = [self._decision_on(cancel, bet) for bet in fitting]
        outcomes = {one.outcome for one in of_bets}
        outcome = next((one for one in _STRONGEST if one in outcomes), Outcome.NO_BET)
        if outcome is Outcome.NO_BET and first is None and self._hold_unknown:
            outcome = Outcome.PARKED
        players = {(bet.user_id, bet.currency) for bet in fitting}
        if not fitting and scope.user_id and scope.currency:
            players = {(scope.user_id, scope.currency)}
        currencies = {currency for _, currency in players}
        return Decision(
            request_id=cancel.request_id,
            outcome=outcome,
            # The same for every repeat: a cancelled round gets no more bets.
            transfer_id=min((one.transfer_id for one in of_bets if one.transfer_id), default=None),
            currency=currencies.pop() if len(currencies) == 1 else cancel.currency,
            cash=self._cash(scope, first, players),
            replayed=first is not None and first.cancel_request_id != cancel.request_id,
        )

    def _decision_on(self, cancel: Cancel, bet: BetRow) -> Decision:
        name = _name_of_child(cancel, bet)
        if name in self._of_bets:
            return self._of_bets[name]
        # Decided before; or a person has closed a cancel of the round that was about it.
        outcome = Outcome(bet.outcome or Outcome.CLOSED)
        return Decision(request_id=name, outcome=outcome, transfer_id=bet.reversal_id)

    def _first(self, scope: Scope) -> CancelledRound | None:
        """What has cancelled all of `scope` before."""
        for one in self._cancelled:
            if one.scope.covers(scope) and one.outcome not in MISMATCHES:
                return one
        return None

    def _cash(
        self, scope: Scope, first: CancelledRound | None, players: set[tuple[str, str]]
    ) -> Decimal | None:
        """Of the player after it; None where there is not one player and one currency."""
        if first is not None and first.scope == scope:
            return first.cash_after
        if len(players) != 1:
            return None
        return cash_of(self._connection, *next(iter(players)))

    def _keep(self, cancel: Cancel, decision: Decision) -> None:
        """Remember what to record, and for the cancels of the same call."""
        ref = None if decision.transfer_id is None else str(decision.transfer_id)
        self._records.append(Record(cancel, decision, ref, decision.replayed))
        no_row = _LEAVE_NO_ROW | (MISMATCHES if self._hold_unknown else set())
        scope, outcome = Scope.of(cancel), decision.outcome
        if outcome not in no_row and all(one.scope != scope for one in self._cancelled):
            row = CancelledRound(scope, outcome.value, cancel.request_id, decision.cash)
            self._cancelled.append(row)
            self._added.append(row)


def _children(cancel: Cancel, bets: Iterable[BetRow]) -> Iterator[Cancel]:
    """A cancel for each bet that is not decided."""
    scope = Scope.of(cancel)
    for bet in bets:
        if bet.outcome is None and scope.has(bet):
            yield cancel.model_copy(
                update={
                    "request_id": _name_of_child(cancel, bet),
                    "reference": bet.reference,
                    "player": bet.user_id,
                    "currency": bet.currency,
                    "amount": None,
                    "batch": cancel.request_id,
                    "of_round": False,
                }
            )


def _name_of_child(cancel: Cancel, bet: BetRow) -> UUID:
    """The same for every try."""
    return uuid5(cancel.request_id, bet.reference)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    total = Decimal()
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total
