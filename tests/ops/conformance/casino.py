"""An operator in memory: right, but for what a test makes wrong."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from api.waits import Decided
from testbed.provider import Answer, Bet, Player, Win
from unbet import Balance
from unbet.core.message import Cancel, Decision
from unbet.core.money import EXACT
from unbet.core.outcomes import Outcome


class Asked(Protocol):
    """A cancel, in any dialect."""

    @property
    def reference(self) -> str: ...
    @property
    def uuid(self) -> str: ...
    @property
    def player(self) -> str | None: ...
    @property
    def currency(self) -> str | None: ...


@dataclass
class Stake:
    """A bet and what has become of it."""

    player: Player
    amount: Decimal
    state: str
    cancelled_by: str = ""
    from_bonus: Decimal = Decimal(0)
    won: Decimal = Decimal(0)
    cash: Decimal = Decimal(0)
    """The player's, after the cancel."""


class Casino:
    """An operator's `OperatorWallet`, and where its receiver has cancels decided."""

    late_code = 120
    """For a bet that comes after its cancel."""

    def __init__(self) -> None:
        self.accounts: defaultdict[Player, Decimal] = defaultdict(Decimal)
        self.bonuses: defaultdict[Player, Decimal] = defaultdict(Decimal)
        self.wins: dict[str, Stake] = {}
        """By their own references."""
        self.bets: dict[str, Stake] = {}
        self.tombstones: set[str] = set()
        self.frozen: set[str] = set()

    async def deposit(self, player: Player, amount: Decimal, _reference: str) -> None:
        self.credit(player, amount)

    async def deposit_bonus(self, player: Player, amount: Decimal, _reference: str) -> None:
        self.bonuses[player] += amount

    async def place(self, bet: Bet) -> Answer:
        player = Player(bet.user_id, bet.currency)
        known = self.bets.get(bet.reference)
        if bet.reference in self.tombstones or (known and known.state == "reversed"):
            return Answer(self.late_code, "cancelled")
        if known is None or known.state != "placed":
            self.take(bet, player)
        refused = self.bets[bet.reference].state == "refused"
        return Answer(1, "insufficient funds") if refused else Answer(0, "done")

    def take(self, bet: Bet, player: Player) -> None:
        from_cash = min(bet.amount, self.accounts[player])
        from_bonus = bet.amount - from_cash
        state = "placed" if from_bonus <= self.bonuses[player] else "refused"
        self.bets[bet.reference] = Stake(player, bet.amount, state, from_bonus=from_bonus)
        if state == "placed":
            self.accounts[player] -= from_cash
            self.bonuses[player] -= from_bonus

    async def settle(self, win: Win) -> Answer:
        stake = self.bets[win.reference]
        if stake.state != "placed":
            return Answer(120, "cancelled")
        stake.state, stake.won = "settled", win.amount
        if win.own_reference:
            self.wins[win.own_reference] = stake
        self.accounts[stake.player] += win.amount
        return Answer(0, "done")

    async def money(self, player: Player) -> Balance:
        return Balance(cash=self.accounts[player], bonus=self.bonuses[player])

    async def freeze(self, user_id: str) -> None:
        self.frozen.add(user_id)

    async def decide(self, cancel: Cancel, _within_s: float) -> Decided:
        asked = cancel
        outcome = self.outcome_of(asked)
        stake = self.bets.get(asked.reference)
        decision = Decision(
            request_id=cancel.request_id,
            outcome=outcome,
            currency=asked.currency,
            cash=stake.cash if stake else None,
            transfer_id=1 if outcome is Outcome.REVERSED else None,
        )
        return Decided(decision, cancel.request_id)

    def outcome_of(self, asked: Asked) -> Outcome:
        stake = self.bets.get(asked.reference)
        if stake is None:
            self.tombstones.add(asked.reference)
            return Outcome.NO_BET
        return self.checked(stake, asked) or self.decide_own(stake, asked)

    def checked(self, stake: Stake, asked: Asked) -> Outcome | None:
        """What is not as the bet has it, of what was sent."""
        if asked.player not in (None, stake.player.user_id):
            return Outcome.MISMATCH
        if asked.currency not in (None, stake.player.currency):
            return Outcome.CURRENCY_MISMATCH
        return None

    def decide_own(self, stake: Stake, asked: Asked) -> Outcome:
        """A cancel by the bet's own player."""
        if stake.state == "refused":
            return Outcome.BET_REFUSED
        if stake.state == "settled":
            return Outcome.SETTLED
        if stake.state == "placed":
            self.give_back(stake)
            stake.state, stake.cancelled_by = "reversed", asked.uuid
            stake.cash = self.accounts[stake.player]
        return Outcome.REVERSED

    def give_back(self, stake: Stake) -> None:
        self.credit(stake.player, EXACT.subtract(stake.amount, stake.from_bonus))
        self.bonuses[stake.player] += stake.from_bonus

    def credit(self, player: Player, amount: Decimal) -> None:
        self.accounts[player] = EXACT.add(self.accounts[player], amount)
