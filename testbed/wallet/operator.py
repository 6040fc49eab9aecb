"""The operator's side of a wallet: what happens to a bet before and after its cancel."""

from decimal import Decimal
from typing import Protocol

from testbed.provider import Player
from unbet.wallets.ledger.operations import Balance


class OperatorError(Exception):
    """The operator's side has failed, so that nothing can be judged; the text is a sentence."""


class Operator(Protocol):
    """Amounts are in units of the currency. Each raises `NotTriedError` for what it does not do,
    `OperatorError` if it fails. Safe to use from several threads."""

    def player(self) -> Player:
        """A player without money, whom nobody has used before."""

    def deposit(self, player: Player, amount: Decimal, *, bonus: bool = False) -> None: ...

    def bet(self, player: Player, reference: str, amount: Decimal) -> bool:
        """Whether it was taken; refused for want of money or as cancelled otherwise."""

    def settle(self, player: Player, reference: str, amount: Decimal) -> None:
        """The bet has its result: a win of `amount`."""

    def freeze(self, player: Player) -> None:
        """Refuse the player's bets from now on."""

    def money(self, player: Player) -> Balance:
        """What the player has, as committed now."""

    def interrupt(self) -> None:
        """Stop the wallet in the middle of whatever it does; return when it works again."""
