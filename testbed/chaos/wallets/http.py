"""The service of `examples/wallet_http` on a PostgreSQL of its own, behind a proxy that spoils
calls; its bets are placed by the example's Bet."""

import asyncio
import base64
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psycopg
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from testbed.chaos.evidence import WalletRows
from testbed.chaos.program import Program
from testbed.chaos.system import PROVIDER_ID, System
from testbed.chaos.wallet_proxy import SpoilingProxy
from testbed.provider import V4, Answer, Bet, NoAnswerError, Operator, Player, Win
from testbed.provider.dialects import SUCCESS
from unbet.database.faults import first_line
from unbet.local.ports import reserve_port
from unbet.local.processes import ROOT
from unbet.local.services.postgres import PostgreSQL
from unbet.local.services.state_files import HOST

if TYPE_CHECKING:
    from examples.wallet_http.bets import Bets

SERVICE: Final = "wallet"
"""The service's process, and the address that Unbet knows it by."""
CASINO: Final = "casino"
"""Its database's directory, and the address that the service knows it by."""
SCHEMA: Final = ROOT / "examples" / "wallet_http" / "postgresql.sql"

ROWS: Final = WalletRows(
    bets="""
    SELECT reference,
           CASE WHEN state <> 'cancelled' THEN state
                WHEN outcome = 'reversed' THEN 'reversed'
                ELSE 'tombstone'
           END AS state,
           player, currency, cash + bonus AS amount, outcome
      FROM casino.bets WHERE""",
    wins="SELECT reference, cash FROM casino.movements WHERE kind = 'win' AND",
    wins_reference="reference",
    doubled="""
    SELECT reference, movements.kind, count(*) AS transfers,
           sum(movements.cash + movements.bonus) AS amount,
           coalesce(max(bets.cash + bets.bonus), 0) AS stake
      FROM casino.movements
      LEFT JOIN casino.bets USING (provider, reference)
     WHERE movements.kind IN ('bet', 'refund')
     GROUP BY provider, reference, movements.kind
    HAVING count(*) > 1
        OR abs(sum(movements.cash + movements.bonus)) > coalesce(max(bets.cash + bets.bonus), 0)""",
    # By the bets as they stand, and line by line: each must come to what the player has.
    money="""
    WITH standing AS (
        SELECT player, currency, -sum(cash + bonus) AS amount FROM casino.bets
         WHERE state IN ('placed', 'settled') GROUP BY player, currency
    ), paid AS (
        SELECT player, currency, sum(cash + bonus) AS amount FROM casino.movements
         WHERE kind IN ('deposit', 'win') GROUP BY player, currency
    ), moved AS (
        SELECT player, currency, sum(cash + bonus) AS amount FROM casino.movements
         GROUP BY player, currency
    ), totals AS (
        SELECT player AS user_id, currency, balances.cash + balances.bonus AS has,
               coalesce(paid.amount, 0) + coalesce(standing.amount, 0) AS by_bets,
               coalesce(moved.amount, 0) AS by_movements
          FROM casino.balances
          FULL JOIN standing USING (player, currency)
          FULL JOIN paid USING (player, currency)
          FULL JOIN moved USING (player, currency)
    )
    SELECT user_id, currency, coalesce(has, 0) AS has, by_bets AS due FROM totals
     WHERE coalesce(has, 0) <> by_bets OR coalesce(has, 0) <> by_movements""",
    standing_bets="SELECT FROM casino.bets WHERE state = 'placed' ORDER BY ctid DESC LIMIT 5"
    " FOR UPDATE SKIP LOCKED",
    account="SELECT FROM casino.balances WHERE player = %s FOR UPDATE",
)


class Http:
    """As `WalletUnderTest`. Unbet reaches the service by an address, behind which is the proxy; the
    service reaches its database by an address as well."""

    name = "http"
    rows = ROWS
    has_audit = False

    def __init__(self, directory: Path) -> None:
        self.database = PostgreSQL(directory / CASINO)
        self.proxy = SpoilingProxy()
        self._secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        self._port = reserve_port()
        self._url = ""
        self._programs: list[Program] = []

    def install(self, system: System) -> None:
        self.database.data.parent.mkdir(mode=0o711)
        access = self.database.start()
        with psycopg.connect(self.url(system), sslmode="disable") as connection:
            connection.execute(SCHEMA.read_bytes())
        system.addresses.listen(CASINO, access.port)
        self.proxy.start(self._port)
        system.addresses.listen(SERVICE, self.proxy.port)
        self._url = f"http://{HOST}:{system.addresses.ports[SERVICE]}"
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("UNBET_")}
        database_url = self.service_url(system).replace("postgresql:", "postgresql+psycopg:")
        environment = inherited | {
            "CASINO_DATABASE_URL": database_url,
            "CASINO_WALLET_SECRETS": self._secret,
            "CASINO_PORT": str(self._port),
        }
        command = f"{sys.executable} -m examples.wallet_http"
        log = system.logs / f"{SERVICE}.log"
        self._programs = [Program(SERVICE, SERVICE, command, environment, log, self._port)]

    def programs(self) -> list[Program]:
        return self._programs

    def variables(self) -> Mapping[str, str]:
        return {
            "UNBET_WALLET": "http",
            "UNBET_WALLET_URL": self._url,
            "UNBET_WALLET_SECRETS": self._secret,
        }

    def operator(self, engine: Engine) -> Operator:
        # The examples belong to the checkout, as the Procfile does, and to no distribution.
        if str(ROOT) not in sys.path:
            sys.path.append(str(ROOT))
        bets: type[Bets] = import_module("examples.wallet_http.bets").Bets
        database = import_module("examples.casino.database")
        return _Casino(bets(engine), (SQLAlchemyError, database.BusyError, database.NotNowError))

    def service_url(self, system: System) -> str:
        return system.addresses.url(CASINO, self.url(system))

    def url(self, system: System) -> str:  # noqa: ARG002
        return PostgreSQL.url(self.database.access)

    def stop(self) -> None:
        try:
            self.proxy.stop()
        finally:
            self.database.stop()


class _Casino:
    """As `Operator`: the casino's endpoints, one transaction a bet."""

    def __init__(self, bets: "Bets", failures: tuple[type[Exception], ...]) -> None:
        """After one of `failures` it is not known what became of a bet."""
        self._bets = bets
        self._failures = failures
        self._turn = asyncio.Lock()

    async def deposit(self, player: Player, amount: Decimal, reference: str) -> None:  # noqa: ARG002
        """Not to be repeated: the example's deposits have no reference."""
        await self._ask(self._bets.deposit, *player, amount, Decimal(0))

    async def place(self, bet: Bet) -> Answer:
        said = await self._ask(
            self._bets.bet, bet.user_id, bet.currency, PROVIDER_ID, bet.reference, bet.amount
        )
        return Answer(SUCCESS if said in ("placed", "settled") else V4.refused, said)

    async def settle(self, win: Win) -> Answer:
        said = await self._ask(self._bets.settle, PROVIDER_ID, win.reference, win.amount)
        return Answer(SUCCESS if said == "settled" else V4.refused, said)

    async def _ask(self, call: Callable[..., Any], *arguments: object) -> Any:
        """Raises `NoAnswerError`."""
        async with self._turn:
            try:
                return await asyncio.to_thread(call, *arguments)
            except self._failures as error:
                why = first_line(error) if isinstance(error, SQLAlchemyError) else repr(error)
                raise NoAnswerError(f"the casino failed ({why})") from error
