"""What a wallet would decide: the real statement, rolled back. For a wallet that decides in a
transaction of the journal's database; one that cannot be asked so is only said not to be asked."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from unbet.core.message import Cancel
from unbet.database.deadlines import CALL_LIMIT_S, run_within
from unbet.database.faults import Fault, UndecidedError, fault_of, first_line
from unbet.wallets.parts import WHY, WrongAnswerError
from unbet.wallets.port import Abilities, Decided, Memory, Undecided, Verdict, Why
from unbet.wallets.units import units_of

# What a commit would check is checked all the same.
_CHECK: Final = text("SET CONSTRAINTS ALL IMMEDIATE")

Decide = Callable[[Connection, Sequence[Cancel]], Sequence[Decided]]


class RolledBack:
    """As a `Wallet`; whatever `decide` does in its transaction is undone. What fails together is
    tried alone, each unit once."""

    def __init__(self, engine: Engine, abilities: Abilities, decide: Decide) -> None:
        self.abilities = abilities
        self._engine = engine
        self._decide = decide

    def cancel(self, cancels: Sequence[Cancel], deadline: float) -> Iterator[Sequence[Verdict]]:
        """As `Wallet.cancel`; nothing is changed, and the deadline is that of one call."""
        del deadline
        if not cancels:
            return
        try:
            yield run_within(self._engine, CALL_LIMIT_S, lambda c: self._undone(c, cancels))
        except (DBAPIError, UndecidedError, WrongAnswerError) as error:
            units = units_of(cancels)
            if len(units) == 1:
                fault = Fault.UNEXPECTED if isinstance(error, WrongAnswerError) else fault_of(error)
                why = WHY.get(fault, Why.AWAY)
                yield [Undecided(one, why, fault.value, first_line(error)) for one in cancels]
                return
            for unit in units:
                yield from self.cancel(unit, 0.0)

    def _undone(self, connection: Connection, cancels: Sequence[Cancel]) -> Sequence[Decided]:
        decided = self._decide(connection, cancels)
        connection.execute(_CHECK)
        connection.rollback()
        return decided


class NotAsked:
    """As a `Wallet`, in the place of one that cannot say what it would decide."""

    abilities = Abilities(
        remembers=Memory.NOT,
        closes_unknown=False,
        tells_cash=False,
        finds=False,
        max_together=256,
        keeps_journal=False,
        cancels_rounds=True,
    )

    def cancel(self, cancels: Sequence[Cancel], deadline: float) -> Iterator[Sequence[Verdict]]:
        """As `Wallet.cancel`: nothing is asked."""
        del deadline
        detail = "this wallet would decide for good"
        yield [Undecided(cancel, Why.AWAY, "would be asked", detail) for cancel in cancels]
