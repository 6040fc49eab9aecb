"""The bets that the rules are played with."""

import secrets
from dataclasses import replace
from decimal import Decimal
from typing import Final, Protocol

from testbed.conformance.bets import PreparedBet
from testbed.provider import Player
from testbed.rules import NotTriedError
from testbed.wallet.operator import Operator
from unbet.wallets.ledger.operations import Balance

PREFIX: Final = "unbet-check-"
"""What every reference of the kit's own begins with, in the wallet and in the journal."""

CASH: Final = Decimal("100.00")
"""What a player is given: more than a rule's bets take."""

STAKE: Final = Decimal("4.00")


class Bets(Protocol):
    """Where bets come from. All but `unknown` and `money` raise `NotTriedError` for what is not to
    be had, and whatever asks the operator raises `OperatorError`."""

    @property
    def other_player(self) -> str:
        """Another player than the bets'."""

    @property
    def other_currency(self) -> str:
        """Another one than the bets'."""

    def unknown(self) -> PreparedBet:
        """A reference that nobody has used, and a player who could bet under it."""

    def placed(self) -> PreparedBet:
        """A bet that stands."""

    def settled(self) -> PreparedBet:
        """A bet that has its result."""

    def refused(self) -> PreparedBet:
        """A bet that the operator has refused."""

    def split(self) -> PreparedBet:
        """A bet that stands, paid in part with cash and in part with a bonus."""

    def frozen(self) -> PreparedBet:
        """A bet that stands, of a player who was frozen after it."""

    def money(self, player: Player) -> Balance | None:
        """What the player has; None if that cannot be seen."""


class PlacedBets:
    """`Bets` without an end, each of a player of its own."""

    def __init__(self, operator: Operator) -> None:
        self.operator = operator

    @property
    def other_player(self) -> str:
        return self.operator.player().user_id

    @property
    def other_currency(self) -> str:
        return "USD" if self.operator.player().currency != "USD" else "EUR"

    def player(self, cash: Decimal = CASH) -> Player:
        """Who has `cash`."""
        player = self.operator.player()
        self.operator.deposit(player, cash)
        return player

    def unknown(self) -> PreparedBet:
        player = self.player()
        money = self.money(player)
        return PreparedBet(player, new_reference(), STAKE, money, money)

    def placed(self) -> PreparedBet:
        return self.placed_by(self.player(), STAKE)

    def placed_by(
        self, player: Player, stake: Decimal, reference: str | None = None
    ) -> PreparedBet:
        """A bet that stands, under a `reference` that is given or new."""
        undone = self.money(player)
        bet = PreparedBet(player, reference or new_reference(), stake, undone=undone)
        if not self.operator.bet(player, bet.reference, stake):
            raise NotTriedError("a bet of less than the player has was refused")
        return replace(bet, standing=self.money(player))

    def settled(self) -> PreparedBet:
        bet = self.placed()
        self.operator.settle(bet.player, bet.reference, STAKE * 2)
        money = self.money(bet.player)
        return replace(bet, standing=money, undone=money)

    def refused(self) -> PreparedBet:
        bet = replace(self.unknown(), stake=CASH + STAKE)
        if self.operator.bet(bet.player, bet.reference, bet.stake):
            raise NotTriedError("a bet of more than the player has was not refused")
        return bet

    def split(self) -> PreparedBet:
        player = self.player(STAKE)
        self.operator.deposit(player, CASH, bonus=True)
        bet = self.placed_by(player, STAKE * 3)
        before, after = bet.undone, bet.standing
        if not before or not after or before.cash == after.cash or before.bonus == after.bonus:
            raise NotTriedError("the stake was not taken from cash and bonus")
        return bet

    def frozen(self) -> PreparedBet:
        bet = self.placed()
        self.operator.freeze(bet.player)
        return bet

    def money(self, player: Player) -> Balance:
        return self.operator.money(player)


def new_reference() -> str:
    return f"{PREFIX}{secrets.token_hex(9)}"
