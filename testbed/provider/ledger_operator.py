"""The operator of a simulated provider: it takes bets into the ledger, as an operator's endpoints
do."""

import asyncio
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final, Generic, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

import unbet
from testbed.provider.answers import Answer
from testbed.provider.connection import NoAnswerError
from testbed.provider.dialects import SUCCESS, V4, Dialect
from testbed.provider.messages import Bet, Player, Win
from unbet.database.deadlines import CALL_LIMIT_S, run_within
from unbet.wallets.ledger.operations import BalanceType, Refusal, Result, Status

MAX_BATCH_SIZE: Final = 100
"""Orders in one transaction: a bet alone costs 2.3 ms of CPU, one of 32 together 0.1 ms."""

TRIES: Final = 3
"""Of an order that is in another transaction's way: the second and third alone, so that one does
not hold up the others for long."""

_IN_THE_WAY: Final = frozenset({"40P01", "40001", "55P03", "57014"})
"""Deadlock, serialization failure, lock timeout, statement timeout."""

Order = TypeVar("Order")


class LedgerOperator:
    """Uses one connection; what comes while a transaction is under way shares the next one.

    `provider_id` is the ledger's key, whatever case the provider itself writes it in.
    """

    def __init__(self, engine: Engine, provider_id: str, dialect: Dialect = V4) -> None:
        self._provider_id = provider_id
        self._dialect = dialect
        turn = asyncio.Lock()
        self._deposits = _Batcher(engine, unbet.deposit_all, turn)
        self._bets = _Batcher(engine, unbet.place_all, turn)
        self._settlements = _Batcher(engine, unbet.settle_all, turn)

    async def deposit(
        self,
        player: Player,
        amount: Decimal,
        reference: str,
        balance_type: BalanceType = BalanceType.CASH,
    ) -> None:
        """Credit the player."""
        user_id, currency = player
        await self._deposits.ask(
            unbet.Deposit(
                user_id=user_id,
                currency=currency,
                amount=amount,
                reference=reference,
                balance_type=balance_type,
            )
        )

    async def place(self, bet: Bet) -> Answer:
        """Take a stake."""
        fields = bet.model_dump(exclude={"kind"})
        result = await self._bets.ask(unbet.Bet(**fields, provider=self._provider_id))
        if self._dialect.late_bet_accepted and result.refusal is Refusal.CANCELLED:
            return Answer(SUCCESS, "cancelled before: nothing is taken")
        return _answer(result, self._dialect)

    async def settle(self, win: Win) -> Answer:
        """Pay a win, under its own reference or else the bet's."""
        result = await self._settlements.ask(
            unbet.Settlement(
                provider=self._provider_id,
                bet_reference=win.reference,
                reference=win.own_reference or win.reference,
                amount=win.amount,
            )
        )
        return _answer(result, self._dialect)


class _Batcher(Generic[Order]):
    """Where orders of one kind wait for their turn, and then go together."""

    def __init__(
        self,
        engine: Engine,
        apply: Callable[[Connection, Sequence[Order]], list[Result]],
        turn: asyncio.Lock,
    ) -> None:
        self._engine = engine
        self._apply = apply
        self._turn = turn
        self._next: tuple[list[Order], asyncio.Task[list[Result | NoAnswerError]]] | None = None

    async def ask(self, order: Order) -> Result:
        """The ledger's result. Raises `NoAnswerError` if there is none."""
        if self._next is None or len(self._next[0]) == MAX_BATCH_SIZE:
            orders: list[Order] = []
            self._next = orders, asyncio.create_task(self._carry_out(orders))
        orders, results = self._next
        place = len(orders)
        orders.append(order)
        # An order whose sender has given up is on its way all the same.
        result = (await asyncio.shield(results))[place]
        if isinstance(result, NoAnswerError):
            raise result
        return result

    async def _carry_out(self, orders: list[Order]) -> list[Result | NoAnswerError]:
        async with self._turn:
            if self._next is not None and self._next[0] is orders:
                self._next = None
            return await asyncio.to_thread(self._transact, orders, TRIES)

    def _transact(self, orders: list[Order], tries: int) -> list[Result | NoAnswerError]:
        try:
            return run_within(
                self._engine, CALL_LIMIT_S, lambda connection: [*self._apply(connection, orders)]
            )
        except DBAPIError as error:
            if tries == 1 or getattr(error.orig, "sqlstate", None) not in _IN_THE_WAY:
                problem = str(error.orig).partition("\n")[0]
                return [NoAnswerError(f"the ledger failed ({problem})") for _ in orders]
        return [result for order in orders for result in self._transact([order], tries - 1)]


def _answer(result: Result, dialect: Dialect) -> Answer:
    """What an operator's endpoint would say."""
    if result.status is Status.DONE:
        return Answer(SUCCESS, "replayed" if result.replayed else "done")
    why = result.refusal.value if result.refusal else result.status.value
    match result.refusal:
        case Refusal.INSUFFICIENT_FUNDS:
            return Answer(dialect.funds, why)
        case Refusal.PLAYER_FROZEN:
            return Answer(dialect.frozen, why)
        case _:
            return Answer(dialect.refused, why)
