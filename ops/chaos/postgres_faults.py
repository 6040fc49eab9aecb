"""The faults that are done to PostgreSQL, to the connections to it and to rows in it."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from random import Random
from signal import Signals
from typing import Any, Final

import psycopg

from ops.chaos import addresses, looking
from ops.chaos.faults import Fault
from ops.chaos.holding import Harm, end, filled, processes, send, whole
from ops.chaos.system import System

POSTGRES: Final = frozenset({"postgres"})

ADDRESS_LATE_S: Final = (0.0, 2.0)
"""How long after the failover the service address still leads to the old primary."""


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
    await whole(looking.cut_connections, system)
    yield None


@asynccontextmanager
async def connections_silent(system: System, _target: str, dice: Random) -> Harm:
    """What is connected hears nothing more; who connects anew is served. Afterwards the old ones
    hear it all, or are reset."""
    system.addresses.silence_established(addresses.POSTGRES)
    try:
        yield None
    finally:
        _speak_again(system, addresses.POSTGRES, dice)


@asynccontextmanager
async def address_silent(system: System, _target: str, dice: Random) -> Harm:
    """Nobody hears anything; connections are accepted."""
    system.addresses.silence_all(addresses.POSTGRES)
    try:
        yield None
    finally:
        _speak_again(system, addresses.POSTGRES, dice)


def _speak_again(system: System, name: str, dice: Random) -> None:
    if dice.random() < 0.5:
        system.addresses.reset(name)
    system.addresses.resume(name)


@asynccontextmanager
async def failed_over(system: System, _target: str, dice: Random) -> Harm:
    """The standby is promoted; the old primary comes back as its read-only standby, under the
    service address still, which moves late. Sessions made meanwhile stay where they are."""
    pair = system.postgres
    recovery = system.recoveries.begin("PostgreSQL")
    late_s = dice.uniform(*ADDRESS_LATE_S)
    try:
        await whole(pair.switch, recovery.gone, lambda _port: None)
        await asyncio.sleep(late_s)
        system.addresses.move(addresses.POSTGRES, pair.port)
        yield None
    finally:
        await whole(pair.restore)
        system.addresses.move(addresses.POSTGRES, pair.port)


@asynccontextmanager
async def read_only(system: System, _target: str, _dice: Random) -> Harm:
    """The server says that new transactions are read-only, to sessions that there are as well."""
    pair = system.postgres
    try:
        await whole(_set_system, pair.execute, "SET default_transaction_read_only = on")
        yield None
    finally:
        await whole(_set_system, pair.execute, "RESET default_transaction_read_only")


@asynccontextmanager
async def read_only_sessions(system: System, _target: str, _dice: Random) -> Harm:
    """Sessions that begin now are read-only and stay so, long after others are not."""
    pair = system.postgres
    try:
        await whole(pair.execute, "ALTER DATABASE unbet SET default_transaction_read_only = on")
        await whole(looking.cut_connections, system)
        yield None
    finally:
        await whole(pair.execute, "ALTER DATABASE unbet RESET default_transaction_read_only")


def _set_system(execute: Callable[[str], object], what: str) -> None:
    execute(f"ALTER SYSTEM {what}")
    execute("SELECT pg_reload_conf()")


@asynccontextmanager
async def disk_full(system: System, _target: str, _dice: Random) -> Harm:
    """No room for the primary's data and log; one that ends over it is started again after."""
    try:
        async with filled(system.disk_of(system.postgres.primary), hovering=False):
            yield None
    finally:
        await whole(system.postgres.restore)


@asynccontextmanager
async def disk_hovering(system: System, _target: str, _dice: Random) -> Harm:
    """By turns room and none, five times a second."""
    try:
        async with filled(system.disk_of(system.postgres.primary), hovering=True):
            yield None
    finally:
        await whole(system.postgres.restore)


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
    return _held(looking.lock_standing_bets, system)


def account_held(
    system: System, _target: str, dice: Random
) -> AbstractAsyncContextManager[str | None]:
    """A foreign transaction holds a player's account."""
    return _held(looking.lock_an_account, system, dice.choice(system.players).user_id)


POSTGRES_FAULTS: Final = (
    Fault("PostgreSQL stopped", "postgres", (9, 11), 1, stopped),
    Fault("PostgreSQL restarted", "postgres", (0, 1), 3, restarted),
    Fault("PostgreSQL failed over to its standby", "postgres", (0, 1), 3, failed_over),
    Fault("PostgreSQL read-only", "postgres", (2, 5), 3, read_only),
    Fault("PostgreSQL's new sessions read-only", "postgres", (1, 3), 3, read_only_sessions),
    Fault("PostgreSQL's disk full", "postgres", (1, 3), 2, disk_full),
    Fault("PostgreSQL's disk hovering", "postgres", (2, 4), 2, disk_hovering),
    Fault("PostgreSQL's connections cut", "postgres", (0, 0), 5, connections_cut),
    Fault("PostgreSQL's connections silent", "postgres", (2, 6), 3, connections_silent),
    Fault("PostgreSQL's address silent", "postgres", (2, 6), 3, address_silent),
    Fault("bets held", "bets", (1, 4), 5, bets_held, POSTGRES),
    Fault("account held", "accounts", (1, 4), 3, account_held, POSTGRES),
)
