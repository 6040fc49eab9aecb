"""The example of an operator's own PostgreSQL wallet, put into a test's database; its casino."""

from pathlib import Path
from typing import Final

import psycopg
from sqlalchemy import Engine

from examples.wallet_sql import casino
from tests.wallets.players_casino import PlayersCasino

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


class SqlCasino(PlayersCasino):
    """Its calls are the example's."""

    def __init__(self, engine: Engine, player: str = "alice", currency: str = "EUR") -> None:
        super().__init__(casino.SqlCasino(engine), player, currency)
        self.engine = engine
