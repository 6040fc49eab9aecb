"""Asks the operator's function what it would say, and rolls back whatever it has done."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from unbet.core.message import Cancel
from unbet.database.deadlines import CALL_LIMIT_S, connect_within
from unbet.database.faults import fault_of, first_line
from unbet.wallets.parts import WHY, WrongAnswerError
from unbet.wallets.port import Abilities, Undecided, Verdict, Why
from unbet.wallets.sql.wallet import SqlWallet, call_function


class AskedFunction:
    """`unbet_cancel(jsonb)`, of which nothing stays: not what it does, and no record."""

    abilities: Abilities = SqlWallet.abilities

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def cancel(self, cancels: Sequence[Cancel], deadline: float) -> Iterator[Sequence[Verdict]]:
        """As `Wallet.cancel`; a call has a limit of its own, which is shorter than a deadline that
        is worth its name. Of a call that fails all are undecided."""
        del deadline
        try:
            with connect_within(self._engine, CALL_LIMIT_S) as connection:
                try:
                    decided = call_function(connection, cancels)
                finally:
                    connection.rollback()
        except WrongAnswerError as error:
            problem = str(error)
            yield [Undecided(one, Why.AMBIGUOUS, "a wrong answer", problem) for one in cancels]
        except DBAPIError as error:
            why, problem = WHY.get(fault_of(error), Why.AWAY), first_line(error)
            yield [Undecided(one, why, "it failed", problem) for one in cancels]
        else:
            yield decided


def make(engine: Engine) -> AskedFunction:
    """As `chosen.wallet_to_ask` wants it."""
    return AskedFunction(engine)
