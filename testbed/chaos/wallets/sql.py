"""The tables and the function of `examples/wallet_sql`, beside the journal; its bets are placed by
the example's Bet."""

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import psycopg
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from testbed.chaos.evidence import WalletRows
from testbed.chaos.program import Program
from testbed.chaos.system import PROVIDER_ID, System
from testbed.provider import V4, Answer, Bet, NoAnswerError, Operator, Player, Win
from testbed.provider.dialects import SUCCESS
from unbet.database.deadlines import CALL_LIMIT_S, run_within
from unbet.database.faults import first_line
from unbet.local.processes import ROOT

SCRIPTS: Final = tuple(
    ROOT / "examples" / "wallet_sql" / name
    for name in ("tables.sql", "unbet_cancel.sql", "bets.sql")
)

ROWS: Final = WalletRows(
    bets="""
    SELECT reference,
           CASE WHEN status <> 'cancelled' THEN status
                WHEN cancel_outcome = 'reversed' THEN 'reversed'
                ELSE 'tombstone'
           END AS state,
           user_id, currency, cash + bonus AS amount, cancel_outcome
      FROM public.transactions WHERE""",
    wins="SELECT reference, win FROM public.transactions WHERE status = 'settled' AND",
    wins_reference="reference",
    # What was taken or given back twice shows in the balances alone: the tables keep no movements.
    doubled="""
    SELECT reference, 'row' AS kind, count(*) AS transfers, 0 AS amount, 0 AS stake
      FROM public.transactions GROUP BY provider, reference HAVING count(*) > 1""",
    # 1000000.00 is what each player is given at the start (`testbed.provider.playing`).
    money="""
    WITH moved AS (
        SELECT user_id, sum(coalesce(win, 0) - cash - bonus) AS amount
          FROM public.transactions WHERE status IN ('placed', 'settled') GROUP BY user_id
    ), due AS (
        SELECT users.id AS user_id, users.currency, users.cash + users.bonus AS has,
               1000000.00 + coalesce(moved.amount, 0) AS due
          FROM public.users LEFT JOIN moved ON moved.user_id = users.id COLLATE "C"
    )
    SELECT user_id, currency, has, due FROM due WHERE has <> due""",
    standing_bets="SELECT FROM public.transactions WHERE status = 'placed' ORDER BY id DESC LIMIT 5"
    " FOR UPDATE SKIP LOCKED",
    account="SELECT FROM public.users WHERE id = %s FOR UPDATE",
)

_DEPOSIT: Final = text("""
    INSERT INTO public.users (id, currency, cash) VALUES (:player, :currency, :amount)
        ON CONFLICT (id) DO NOTHING
""")
_PLACE: Final = text("""
    SELECT public.place_bet(:provider, :reference, :player, :currency, CAST(:amount AS numeric))
""")
_SETTLE: Final = text("SELECT public.settle_bet(:provider, :reference, CAST(:amount AS numeric))")


class Sql:
    """As `WalletUnderTest`."""

    name = "sql"
    rows = ROWS
    has_audit = False

    def install(self, system: System) -> None:
        with psycopg.connect(system.postgres.url, sslmode="disable") as connection:
            for script in SCRIPTS:
                connection.execute(script.read_bytes())

    def programs(self) -> list[Program]:
        return []

    def variables(self) -> Mapping[str, str]:
        return {"UNBET_WALLET": "sql"}

    def operator(self, engine: Engine) -> Operator:
        return _Casino(engine)

    def service_url(self, system: System) -> str:
        return system.service_url

    def url(self, system: System) -> str:
        return system.postgres.url

    def stop(self) -> None:
        """Nothing of it runs by itself."""


class _Casino:
    """As `Operator`: the casino's endpoints, one transaction a bet."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turn = asyncio.Lock()

    async def deposit(self, player: Player, amount: Decimal, reference: str) -> None:  # noqa: ARG002
        """The opening balance, once."""
        await self._ask(_DEPOSIT, player=player.user_id, currency=player.currency, amount=amount)

    async def place(self, bet: Bet) -> Answer:
        said = await self._ask(
            _PLACE,
            reference=bet.reference,
            player=bet.user_id,
            currency=bet.currency,
            amount=bet.amount,
        )
        return Answer(SUCCESS if said in ("placed", "settled") else V4.refused, said)

    async def settle(self, win: Win) -> Answer:
        said = await self._ask(_SETTLE, reference=win.reference, amount=win.amount)
        return Answer(SUCCESS if said == "settled" else V4.refused, said)

    async def _ask(self, statement: Any, **values: object) -> str:
        """What the database says. Raises `NoAnswerError`."""
        given = {"provider": PROVIDER_ID} | values

        def ask() -> str:
            def work(connection: Any) -> str:
                found = connection.execute(statement, given)
                return str(found.scalar()) if found.returns_rows else ""

            return run_within(self._engine, CALL_LIMIT_S, work)

        async with self._turn:
            try:
                return await asyncio.to_thread(ask)
            except DBAPIError as error:
                raise NoAnswerError(f"the casino failed ({first_line(error)})") from error
