"""The plan of the statement that decides a group, as the worker's sessions get it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql

from benchmarks import filling
from benchmarks.environment import Ledger
from benchmarks.filling import cancel_of
from unbet import connect_to
from unbet.wallets.ledger.reversal import REVERSE, parameters_of

GROUPS: Final = (1, 16, 256)
PLANS: Final = Path(__file__).with_name("plans")


def write_plans(ledger: Ledger, directory: Path = PLANS) -> list[Path]:
    """`EXPLAIN (ANALYZE, BUFFERS)` for each size of group, on bets of its own; rolled back."""
    bets = filling.new_bets(filling.references(), sum(GROUPS), filling.players())
    filling.place(ledger.engine, bets)
    engine = connect_to(ledger.url, name="explain", pool_size=1)
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for size in GROUPS:
        group, bets = bets[:size], bets[size:]
        with engine.connect() as connection:
            plan = _plan(connection, group)
            connection.rollback()
        file = directory / f"group-of-{size}.txt"
        heading = f"-- A group of {size}, on a ledger of {ledger.count():,} bets.\n\n"
        file.write_text(heading + plan + "\n")
        written.append(file)
    engine.dispose()
    return written


def _plan(connection: Connection, bets: Sequence[filling.Bet]) -> str:
    compiled = REVERSE.compile(dialect=postgresql.psycopg.dialect(paramstyle="numeric_dollar"))  # type: ignore[no-untyped-call]
    values = parameters_of([cancel_of(bet) for bet in bets], leave_tombstones=True)
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    # An EXPLAIN of the bare statement would show a plan made for these very values. The session
    # asks for a plan for all values, and a prepared statement is what gets one.
    execute = sql.SQL("EXECUTE decide ({})").format(
        sql.SQL(", ").join(sql.Literal(values[name]) for name in compiled.positiontup or ())
    )
    with psycopg.ClientCursor(driver) as cursor:
        cursor.execute("DEALLOCATE ALL")
        cursor.execute(f"PREPARE decide AS {compiled.string}".encode())
        # Once without measuring: the first one reads what is not in memory yet.
        cursor.execute("SAVEPOINT before")
        cursor.execute(execute)
        cursor.execute("ROLLBACK TO SAVEPOINT before")
        cursor.execute(sql.SQL("EXPLAIN (ANALYZE, BUFFERS) {}").format(execute))
        return "\n".join(row[0] for row in cursor.fetchall())
