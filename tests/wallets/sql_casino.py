"""The example of an operator's own PostgreSQL wallet, put into a test's database; its casino."""

from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import psycopg
from sqlalchemy import Connection, Engine, text

from tests.making import PROVIDER
from unbet import transact

EXAMPLE: Final = Path(__file__).parents[2] / "examples" / "wallet_sql"
FUNCTION: Final = (EXAMPLE / "unbet_cancel.sql").read_text()


def run_sql(database_url: str, script: str) -> None:
    """As psql does, with all rights."""
    with psycopg.connect(database_url) as connection:
        connection.execute(script.encode())


def install(database_url: str, *, function: str = FUNCTION) -> None:
    """Make the example's tables and functions; `function` in the place of its own."""
    for script in ((EXAMPLE / "tables.sql").read_text(), function):
        run_sql(database_url, script)
    run_sql(database_url, (EXAMPLE / "bets.sql").read_text())


class SqlCasino:
    """As `contract.Casino`; its calls are the example's."""

    def __init__(self, engine: Engine, player: str = "alice", currency: str = "EUR") -> None:
        self.engine = engine
        self._player = {"player": player, "currency": currency}

    def of(self, player: str) -> "SqlCasino":
        return SqlCasino(self.engine, player, self._player["currency"])

    def deposit(self, amount: str, *, bonus: bool = False) -> None:
        balance = "bonus" if bonus else "cash"
        self._run(
            f"""
            INSERT INTO users (id, currency, {balance})
            VALUES (:player, :currency, CAST(:amount AS numeric))
                ON CONFLICT (id) DO UPDATE SET {balance} = users.{balance} + excluded.{balance}
            """,
            amount=amount,
        )

    def bet(self, reference: str, amount: str) -> bool:
        return self.place(reference, amount) == "placed"

    def place(self, reference: str, amount: str) -> str:
        """What the example's Bet says."""
        return str(
            self._ask(
                "SELECT place_bet(:provider, :reference, :player, :currency, "
                "CAST(:amount AS numeric))",
                reference=reference,
                amount=amount,
            )
        )

    def settle(self, reference: str, amount: str) -> None:
        self._ask(
            "SELECT settle_bet(:provider, :reference, CAST(:amount AS numeric))",
            reference=reference,
            amount=amount,
        )

    def freeze(self) -> None:
        self._run("UPDATE users SET frozen = true WHERE id = :player")

    def money(self) -> tuple[Decimal, Decimal]:
        def look(connection: Connection) -> tuple[Decimal, Decimal]:
            query = text("SELECT cash, bonus FROM users WHERE id = :player")
            row = connection.execute(query, self._player).one()
            return row.cash, row.bonus

        return transact(self.engine, look)

    def _ask(self, statement: str, **values: str) -> Any:
        given = {"provider": PROVIDER} | self._player | values
        return transact(self.engine, lambda c: c.execute(text(statement), given).scalar())

    def _run(self, statement: str, **values: str) -> None:
        given = self._player | values
        transact(self.engine, lambda c: c.execute(text(statement), given) and None)
