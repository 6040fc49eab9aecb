"""The run's own connections to PostgreSQL: to inspect it, to cut connections and to hold locks.
They are not the ledger's: they must not depend on what is tested."""

import time
from contextlib import closing
from random import Random
from typing import Final

import psycopg

from testbed.chaos.program import Program
from testbed.chaos.system import System

Connection = psycopg.Connection[tuple[object, ...]]

NAME: Final = "chaos"
"""As `pg_stat_activity` shows them; ours are `unbet-…`."""

TRIES: Final = 50
PAUSE_S: Final = 0.02
"""Until there is a row to hold: a bet may stand for milliseconds only."""


def connect(url: str) -> Connection:
    """A connection whose first statement begins a transaction."""
    return psycopg.connect(url, connect_timeout=2, application_name=NAME, sslmode="disable")


def is_in_transaction(system: System, program: Program) -> bool:
    """Whether the database shows one of the program's processes inside a transaction."""
    ports = {
        connection.laddr.port
        for process in program.children()
        for connection in process.net_connections("tcp")
    }
    query = "SELECT client_port FROM pg_stat_activity WHERE xact_start IS NOT NULL"
    with closing(connect(system.postgres.url)) as session:
        return any(port in ports for (port,) in session.execute(query))


def cut_connections(system: System) -> None:
    """End every session that a process of ours or the operator has."""
    with closing(connect(system.postgres.url)) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name LIKE 'unbet-%'"
        )


def lock_standing_bets(system: System, _dice: Random) -> Connection:
    """A transaction that holds bets that stand: the newest, whose cancels are on their way."""
    return _locking(system, system.wallet.rows.standing_bets)


def lock_an_account(system: System, dice: Random) -> Connection:
    """A transaction that holds a player's money."""
    return _locking(system, system.wallet.rows.account, dice.choice(system.players).user_id)


def _locking(system: System, query: str, *values: str) -> Connection:
    connection = connect(system.wallet.url(system))
    try:
        for _ in range(TRIES):
            if connection.execute(query.encode(), values).rowcount:
                break
            connection.rollback()
            time.sleep(PAUSE_S)
    except psycopg.Error:
        connection.close()
        raise
    return connection
