"""The ledger in small: what `ledger/` must do, one operation after another, in dictionaries and
Decimals. `docs/concepts.md`, "The money", says why.

(Over 250 lines: one class, so that each operation sees the whole ledger.)
"""

import copy
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from unbet import (
    BalanceType,
    Bet,
    BonusConversion,
    Correction,
    Deposit,
    Direction,
    EndKind,
    Refusal,
    Result,
    Settlement,
    StakeOrder,
    Status,
    Withdrawal,
    WithdrawalEnd,
)
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome

Account = tuple[str, str, str]  # player, currency and kind
Key = tuple[str, str]  # provider and reference
Option = TypeVar("Option")


@dataclass(frozen=True)
class Cancels:
    """A group of cancels, decided in one transaction."""

    cancels: tuple[Cancel, ...]
    hold_unknown: bool


@dataclass(frozen=True)
class Sweep:
    """The parked cancels are tried again."""

    hold_unknown: bool


@dataclass(frozen=True)
class Freeze:
    """A player is frozen, or is not any more."""

    user_id: str
    frozen: bool


PlayerOperation = Withdrawal | Correction | BonusConversion
Operation = Deposit | Bet | Settlement | PlayerOperation | WithdrawalEnd | Cancels | Sweep | Freeze
Answer = Result | list[Decision] | None


@dataclass(frozen=True)
class KnownBet:
    """A bet or a tombstone."""

    user_id: str | None
    currency: str | None
    """Both are None where the cancel that left the tombstone does not say them."""
    amount: Decimal | None
    state: str
    refusal: Refusal | None = None
    paid: tuple[tuple[Account, Decimal], ...] = ()
    told: Decision | None = None
    """What the first cancel that it accepted was told, and every later one is."""


@dataclass
class Model:
    """All that the ledger knows.

    `told` is what the ledger really answered. The model's answer is its own; it looks at `told`
    only where the ledger has a choice: transfer ids, the order within a group, and what it reads
    without a lock. That may be as old as the operation: `seen` are the states that other operations
    passed through since it began.
    """

    money: defaultdict[Account, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    frozen: set[str] = field(default_factory=set)
    deposits: dict[str, Deposit] = field(default_factory=dict)
    bets: dict[Key, KnownBet] = field(default_factory=dict)
    wins: dict[Key, tuple[Settlement, Refusal | None]] = field(default_factory=dict)
    operations: dict[tuple[type, str], tuple[PlayerOperation, Refusal | None]] = field(
        default_factory=dict
    )
    ends: dict[str, EndKind] = field(default_factory=dict)
    late_bets: set[tuple[str, str, str, str, Decimal]] = field(default_factory=set)
    parked: dict[UUID, Cancel] = field(default_factory=dict)

    def copy(self) -> "Model":
        return Model(*(copy.copy(getattr(self, part.name)) for part in fields(self)))

    def answer(self, operation: Operation, told: Answer, seen: Sequence["Model"] = ()) -> Answer:
        """Do `operation`, and say what the ledger must answer."""
        seen = (*seen, self)
        match operation, told:
            case Deposit(), _:
                return self._deposit(operation)
            case Bet(), Result():
                return self._bet(operation, told, seen)
            case Settlement(), _:
                return self._settle(operation)
            case ((Withdrawal() | Correction() | BonusConversion()), Result()):
                return self._operate(operation, told, seen)
            case WithdrawalEnd(), _:
                return self._end(operation)
            case Cancels(), list():
                return self._cancel(operation.cancels, told, operation.hold_unknown, seen)
            case Sweep(), list() if all(d.request_id in self.parked for d in told):
                cancels = [self.parked.pop(decision.request_id) for decision in told]
                return self._cancel(cancels, told, operation.hold_unknown, seen)
            case Freeze(), _:
                (self.frozen.add if operation.frozen else self.frozen.discard)(operation.user_id)
        return None

    def _deposit(self, deposit: Deposit) -> Result:
        if deposit.reference in self.deposits:
            same = self.deposits[deposit.reference] == deposit
            return Result(status=Status.DONE if same else Status.CONFLICT, replayed=same)
        self.deposits[deposit.reference] = deposit
        self.money[deposit.user_id, deposit.currency, deposit.balance_type] += deposit.amount
        return Result(status=Status.DONE)

    def _bet(self, bet: Bet, told: Result, seen: Sequence["Model"]) -> Result:
        known = self.bets.get((bet.provider, bet.reference))
        if known is None:
            refusal = self._place(bet, told, seen)
            return Result(status=Status.REFUSED if refusal else Status.DONE, refusal=refusal)
        details = (bet.user_id, bet.currency, bet.amount)
        same = details == (known.user_id, known.currency, known.amount)
        if known.state == "tombstone" or (same and known.state == "reversed"):
            self.late_bets.add((bet.provider, bet.reference, *details))
            return Result(status=Status.REFUSED, replayed=True, refusal=Refusal.CANCELLED)
        if not same:
            return Result(status=Status.CONFLICT)
        status = Status.REFUSED if known.refusal else Status.DONE
        return Result(status=status, replayed=True, refusal=known.refusal)

    def _place(self, bet: Bet, told: Result, seen: Sequence["Model"]) -> Refusal | None:
        kinds = (
            list(BalanceType)
            if bet.stake_order is StakeOrder.CASH_FIRST
            else list(BalanceType)[::-1]
        )
        first, second = ((bet.user_id, bet.currency, kind) for kind in kinds)
        from_first = min(bet.amount, self.money[first])
        from_second = bet.amount - from_first
        # Read without a lock: a bet that is on its way need not see a freeze.
        frozen = [bet.user_id in state.frozen for state in seen]
        refusal = None
        paid: tuple[tuple[Account, Decimal], ...] = ((first, from_first), (second, from_second))
        if _choose(frozen, told.refusal is Refusal.PLAYER_FROZEN):
            refusal, paid = Refusal.PLAYER_FROZEN, ()
        elif from_second > self.money[second]:
            refusal, paid = Refusal.INSUFFICIENT_FUNDS, ()
        for account, amount in paid:
            self.money[account] -= amount
        state = "refused" if refusal else "placed"
        self.bets[bet.provider, bet.reference] = KnownBet(
            bet.user_id, bet.currency, bet.amount, state, refusal, paid
        )
        return refusal

    def _settle(self, win: Settlement) -> Result:
        key = (win.provider, win.reference)
        replayed = key in self.wins
        if not replayed:
            self.wins[key] = (win, self._pay(win))
        first, refusal = self.wins[key]
        if first != win:
            return Result(status=Status.CONFLICT)
        status = Status.REFUSED if refusal else Status.DONE
        return Result(status=status, replayed=replayed, refusal=refusal)

    def _pay(self, win: Settlement) -> Refusal | None:
        key = (win.provider, win.bet_reference)
        bet = self.bets.get(key)
        if bet is None:
            return Refusal.UNKNOWN_BET
        if bet.state in ("tombstone", "reversed"):
            return Refusal.CANCELLED
        if bet.state == "refused":
            return Refusal.BET_REFUSED
        self.bets[key] = replace(bet, state="settled")
        assert bet.user_id is not None
        assert bet.currency is not None
        self.money[bet.user_id, bet.currency, BalanceType.CASH] += win.amount
        return None

    def _operate(self, operation: PlayerOperation, told: Result, seen: Sequence["Model"]) -> Result:
        key = (type(operation), operation.reference)
        replayed = key in self.operations
        if not replayed:
            self.operations[key] = (operation, self._move(operation, told, seen))
        first, refusal = self.operations[key]
        if first != operation:
            return Result(status=Status.CONFLICT)
        status = Status.REFUSED if refusal else Status.DONE
        return Result(status=status, replayed=replayed, refusal=refusal)

    def _move(
        self, operation: PlayerOperation, told: Result, seen: Sequence["Model"]
    ) -> Refusal | None:
        owner = (operation.user_id, operation.currency)
        # Whether a player is frozen is read without a lock, as for a bet.
        frozen = [operation.user_id in state.frozen for state in seen]
        is_corrected = isinstance(operation, Correction)
        if not is_corrected and _choose(frozen, told.refusal is Refusal.PLAYER_FROZEN):
            return Refusal.PLAYER_FROZEN
        amount, other = -operation.amount, None
        match operation:
            case Withdrawal():
                account, other = (*owner, BalanceType.CASH), (*owner, "held")
            case BonusConversion():
                account, other = (*owner, BalanceType.BONUS), (*owner, BalanceType.CASH)
            case Correction(balance_type=kind, direction=direction):
                account = (*owner, kind)
                amount = -amount if direction is Direction.CREDIT else amount
        if self.money[account] + amount < 0:
            return Refusal.INSUFFICIENT_FUNDS
        self.money[account] += amount
        if other:
            self.money[other] -= amount
        return None

    def _end(self, end: WithdrawalEnd) -> Result:
        withdrawal, refusal = self.operations.get((Withdrawal, end.reference), (None, None))
        if withdrawal is None:
            return Result(status=Status.REFUSED, refusal=Refusal.UNKNOWN_WITHDRAWAL)
        if refusal:
            return Result(status=Status.REFUSED, refusal=Refusal.WITHDRAWAL_REFUSED)
        replayed = end.reference in self.ends
        if not replayed:
            self.ends[end.reference] = end.kind
            owner = (withdrawal.user_id, withdrawal.currency)
            self.money[*owner, "held"] -= withdrawal.amount
            if end.kind is EndKind.RELEASE:
                self.money[*owner, BalanceType.CASH] += withdrawal.amount
        if self.ends[end.reference] is not end.kind:
            refusal = {
                EndKind.COMPLETION: Refusal.WITHDRAWAL_COMPLETED,
                EndKind.RELEASE: Refusal.WITHDRAWAL_RELEASED,
            }[self.ends[end.reference]]
            return Result(status=Status.REFUSED, replayed=True, refusal=refusal)
        return Result(status=Status.DONE, replayed=replayed)

    def _cancel(
        self,
        cancels: Sequence[Cancel],
        told: Sequence[Decision],
        hold_unknown: bool,
        seen: Sequence["Model"],
    ) -> list[Decision]:
        # A group's cancels are decided in any order. Reversals only add, so that the cash told
        # after each gives theirs; a decision that moves no cash may come anywhere between them. Of
        # an unknown bet the first cancel leaves the tombstone, and the cash is that before all.
        def order(pair: tuple[Cancel, Decision]) -> tuple[bool, Decimal, bool]:
            bet = self.bets.get((pair[0].provider, pair[0].reference))
            if bet is None:
                return False, Decimal(0), False
            return True, pair[1].cash or Decimal(0), not _cash_paid(bet)

        decided = {
            cancel.request_id: self._decide(cancel, decision, hold_unknown, seen)
            for cancel, decision in sorted(zip(cancels, told, strict=True), key=order)
        }
        return [decided[cancel.request_id] for cancel in cancels]

    def _decide(
        self, cancel: Cancel, told: Decision, hold_unknown: bool, seen: Sequence["Model"]
    ) -> Decision:
        key = (cancel.provider, cancel.reference)
        decision = Decision(request_id=cancel.request_id, outcome=Outcome.PARKED)
        # Read without a lock: parked is no decision, the sweep will find the bet.
        unknown = [key not in state.bets for state in seen]
        if hold_unknown and _choose(unknown, told.outcome is Outcome.PARKED):
            self.parked[cancel.request_id] = cancel
            return decision
        bet = self.bets.get(key) or KnownBet(cancel.player, cancel.currency, None, "tombstone")
        # Only what the cancel says is compared. A tombstone has no stake.
        is_player = None in (bet.user_id, cancel.player) or bet.user_id == cancel.player
        is_currency = None in (bet.currency, cancel.currency) or bet.currency == cancel.currency
        is_amount = None in (bet.amount, cancel.amount) or bet.amount == cancel.amount
        wrong = None
        if bet.state != "tombstone" and not is_player:
            wrong = Outcome.MISMATCH
        elif bet.state != "tombstone" and not is_currency:
            wrong = Outcome.CURRENCY_MISMATCH
        elif not is_amount:
            wrong = Outcome.AMOUNT_MISMATCH
        if wrong:
            return decision.model_copy(update={"outcome": wrong, "currency": cancel.currency})
        if bet.told is None:
            bet = self.bets[key] = self._close(bet, told, seen)
        assert bet.told is not None
        own = is_player and is_currency
        replayed = own and bet.told.request_id != cancel.request_id
        # What another player has is not told.
        hidden = {} if own else {"currency": cancel.currency, "cash": None}
        if own and bet.currency is None:
            hidden = {"currency": cancel.currency}
        says = {"request_id": cancel.request_id, "replayed": replayed}
        return bet.told.model_copy(update=says | hidden)

    def cash_of(self, user_id: str | None, currency: str | None) -> list[Decimal]:
        """In that currency, or in each where none is named."""
        if user_id is None:
            return []
        if currency is not None:
            return [self.money[user_id, currency, BalanceType.CASH]]
        return [
            amount
            for (owner, _, kind), amount in self.money.items()
            if (owner, kind) == (user_id, BalanceType.CASH)
        ]

    def _close(self, bet: KnownBet, told: Decision, seen: Sequence["Model"]) -> KnownBet:
        """The first decision of a cancel on `bet`."""
        transfer_id = None
        if bet.state == "placed":
            used = {known.told.transfer_id for known in self.bets.values() if known.told}
            transfer_id = -1 if told.transfer_id in used else told.transfer_id or -1
            for account, amount in bet.paid:
                self.money[account] += amount
        if bet.state == "tombstone" and bet.currency is None:
            # The player's one account, if there is one alone: an empty one is not known here.
            owned = {currency for owner, currency, _ in self.money if owner == bet.user_id}
            bet = replace(bet, currency=_choose([None, *owned], told.currency))
        # Where there is no bet, it is read without a lock: what the player had at a moment of the
        # operation.
        cash = [
            amount
            for state in (seen if bet.state == "tombstone" else [self])
            for amount in state.cash_of(bet.user_id, bet.currency)
        ]
        # A player without an account has no cash to tell of, or 0; nor has one with several, where
        # no currency is named.
        no_cash = [None] if 0 in cash or None in (bet.user_id, bet.currency) else []
        decision = Decision(
            request_id=told.request_id,
            outcome=_OUTCOMES[bet.state],
            transfer_id=transfer_id,
            currency=bet.currency,
            cash=_choose([*no_cash, *cash], told.cash),
        )
        return replace(bet, state="reversed" if transfer_id else bet.state, told=decision)


_OUTCOMES = {
    "placed": Outcome.REVERSED,
    "refused": Outcome.BET_REFUSED,
    "settled": Outcome.SETTLED,
    "tombstone": Outcome.NO_BET,
}


def _cash_paid(bet: KnownBet) -> Decimal:
    return sum(
        (amount for (_, _, kind), amount in bet.paid if kind is BalanceType.CASH), Decimal(0)
    )


def _choose(options: Sequence[Option], told: Option) -> Option:
    """What the ledger chose, if it had that choice."""
    return told if told in options else options[-1]
