"""An operator whose bets are placed by a command of theirs (docs/wallets.md, "Checking your
wallet")."""

from decimal import Decimal

from testbed.provider import Player
from testbed.wallet.command import Answer, Command
from unbet.core.fields import Amount, Currency, UserId
from unbet.core.money import amount as text_of
from unbet.wallets.ledger.operations import Balance


class _Player(Answer):
    player: UserId
    currency: Currency


class _Taken(Answer):
    taken: bool


class _Money(Answer):
    cash: Amount
    bonus: Amount = Decimal(0)


class CommandOperator:
    """An `Operator`."""

    def __init__(self, command: Command, provider: str) -> None:
        self._command = command
        self._provider = provider

    def player(self) -> Player:
        told = self._command.ask(_Player, "player")
        return Player(told.player, told.currency)

    def deposit(self, player: Player, amount: Decimal, *, bonus: bool = False) -> None:
        given = {"amount": text_of(amount), "bonus": bonus}
        self._command.ask(Answer, "deposit", **_named(player), **given)

    def bet(self, player: Player, reference: str, amount: Decimal) -> bool:
        bet = {"provider": self._provider, "reference": reference, "amount": text_of(amount)}
        return self._command.ask(_Taken, "bet", **_named(player), **bet).taken

    def settle(self, player: Player, reference: str, amount: Decimal) -> None:
        win = {"provider": self._provider, "reference": reference, "amount": text_of(amount)}
        self._command.ask(Answer, "settle", **_named(player), **win)

    def freeze(self, player: Player) -> None:
        self._command.ask(Answer, "freeze", **_named(player))

    def money(self, player: Player) -> Balance:
        told = self._command.ask(_Money, "money", **_named(player))
        return Balance(cash=told.cash, bonus=told.bonus)

    def interrupt(self) -> None:
        self._command.ask(Answer, "interrupt")


def _named(player: Player) -> dict[str, str]:
    return {"player": player.user_id, "currency": player.currency}
