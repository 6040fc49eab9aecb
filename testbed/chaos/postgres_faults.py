"""The faults of PostgreSQL, of the connections to it and of rows in it."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from random import Random
from signal import Signals
from typing import Any, Final

import psycopg

from testbed.chaos import postgres_sessions
from testbed.chaos.faults import Fault
from testbed.chaos.holding import Harm, end, processes, send, whole
from testbed.chaos.server_faults import (
    address_silent,
    connections_silent,
    disk_full,
    disk_hovering,
    failed_over,
)
from testbed.chaos.system import System
from unbet.local.services.standby import alter_system, execute

POSTGRES: Final = frozenset({"postgres"})


@asynccontextmanager
async def stopped(system: System, _target: str, _dice: Random) -> Harm:
    """SIGSTOP of all its processes; the postmaster first, so that it makes no more of them."""
    server = system.postgres.primary
    try:
        send(processes(server)[:1], Signals.SIGSTOP)
        send(processes(server), Signals.SIGSTOP)
        yield None
    finally:
        send(processes(server)[::-1], Signals.SIGCONT)


@asynccontextmanager
async def restarted(system: System, _target: str, _dice: Random) -> Harm:
    """Immediate mode, as after a crash: sessions end at once, the start recovers from the log."""
    try:
        await end(system.postgres.primary, Signals.SIGQUIT)
        yield None
    finally:
        await whole(system.postgres.restore)


@asynccontextmanager
async def connections_cut(system: System, _target: str, _dice: Random) -> Harm:
    """Every session of ours, as a firewall does."""
    await whole(postgres_sessions.cut_connections, system)
    yield None


@asynccontextmanager
async def read_only(system: System, _target: str, _dice: Random) -> Harm:
    """The server says that new transactions are read-only, to sessions that there are as well."""
    server = system.postgres.primary
    try:
        await whole(alter_system, server, "SET default_transaction_read_only = on")
        yield None
    finally:
        await whole(alter_system, server, "RESET default_transaction_read_only")


@asynccontextmanager
async def read_only_sessions(system: System, _target: str, _dice: Random) -> Harm:
    """Sessions that begin now are read-only and stay so, long after others are not."""
    server, setting = system.postgres.primary, "default_transaction_read_only"
    try:
        await whole(execute, server, f"ALTER DATABASE unbet SET {setting} = on")
        await whole(postgres_sessions.cut_connections, system)
        yield None
    finally:
        await whole(execute, server, f"ALTER DATABASE unbet RESET {setting}")


@asynccontextmanager
async def _held(begin: Callable[..., Any], *arguments: object) -> Harm:
    transaction: psycopg.Connection[Any] = await whole(begin, *arguments)
    try:
        yield None
    finally:
        # Closing the connection asks nothing of a server that may be stopped by now.
        transaction.close()


def bets_held(
    system: System, _target: str, _dice: Random
) -> AbstractAsyncContextManager[str | None]:
    """A foreign transaction holds the rows of bets that are about to be cancelled."""
    return _held(postgres_sessions.lock_standing_bets, system)


def account_held(
    system: System, _target: str, dice: Random
) -> AbstractAsyncContextManager[str | None]:
    """A foreign transaction holds a player's account."""
    return _held(postgres_sessions.lock_an_account, system, dice.choice(system.players).user_id)


POSTGRES_FAULTS: Final = (
    Fault("PostgreSQL stopped", "postgres", (9, 11), 1, stopped),
    Fault("PostgreSQL restarted", "postgres", (0, 1), 3, restarted),
    Fault("PostgreSQL failed over to its standby", "postgres", (0, 1), 3, failed_over),
    Fault("PostgreSQL read-only", "postgres", (2, 5), 3, read_only),
    Fault("PostgreSQL's new sessions read-only", "postgres", (1, 3), 3, read_only_sessions),
    Fault("PostgreSQL's disk full", "postgres", (1, 3), 2, disk_full),
    Fault("PostgreSQL's disk hovering", "postgres", (2, 4), 2, disk_hovering),
    Fault("PostgreSQL's connections cut", "postgres", (0, 0), 8, connections_cut),
    Fault("PostgreSQL's connections silent", "postgres", (2, 6), 2, connections_silent),
    Fault("PostgreSQL's address silent", "postgres", (2, 6), 2, address_silent),
    Fault("bets held", "bets", (1, 4), 9, bets_held, POSTGRES),
    Fault("account held", "accounts", (1, 4), 9, account_held, POSTGRES),
)
