"""An operator whose bets are in the built-in ledger: no command is needed."""

import secrets
from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

import unbet
from testbed.provider import Player
from testbed.rules import NotTriedError
from testbed.wallet.operator import OperatorError
from unbet.cli.database import describe
from unbet.wallets.ledger.operations import Balance, BalanceType, Status

T = TypeVar("T")


class LedgerOperator:
    """An `Operator`; `provider` is the ledger's key."""

    def __init__(self, engine: Engine, provider: str) -> None:
        self._engine = engine
        self._provider = provider

    def player(self) -> Player:
        return Player(f"unbet-check-{secrets.token_hex(8)}", "EUR")

    def deposit(self, player: Player, amount: Decimal, *, bonus: bool = False) -> None:
        balance_type = BalanceType.BONUS if bonus else BalanceType.CASH
        given = unbet.Deposit(
            user_id=player.user_id,
            currency=player.currency,
            amount=amount,
            reference=f"unbet-check-{secrets.token_hex(16)}",
            balance_type=balance_type,
        )
        self._do(lambda connection: unbet.deposit(connection, given))

    def bet(self, player: Player, reference: str, amount: Decimal) -> bool:
        bet = unbet.Bet(
            user_id=player.user_id,
            currency=player.currency,
            amount=amount,
            provider=self._provider,
            reference=reference,
        )
        return self._do(lambda connection: unbet.place_bet(connection, bet)).status is Status.DONE

    def settle(self, player: Player, reference: str, amount: Decimal) -> None:
        del player  # the ledger knows whose bet it is
        result = unbet.Settlement(
            provider=self._provider, bet_reference=reference, reference=reference, amount=amount
        )
        self._do(lambda connection: unbet.settle_bet(connection, result))

    def freeze(self, player: Player) -> None:
        self._do(lambda connection: unbet.freeze(connection, player.user_id))

    def money(self, player: Player) -> Balance:
        return self._do(lambda connection: unbet.balance(connection, *player))

    def interrupt(self) -> None:
        raise NotTriedError("the ledger is no process of its own")

    def _do(self, work: Callable[[Connection], T]) -> T:
        try:
            return unbet.transact(self._engine, work)
        except DBAPIError as error:
            raise OperatorError(describe(error)) from None
