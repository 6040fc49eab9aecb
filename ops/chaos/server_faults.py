"""The faults that are done to PostgreSQL and Redis, and to the connections and rows in them."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from random import Random
from signal import Signals
from typing import Any, Final

import psutil
import psycopg
import redis

from ops import services
from ops.chaos import looking
from ops.chaos.faults import Fault
from ops.chaos.system import ChaosError, System
from ops.services.postgres import PostgreSQL
from ops.services.process import is_alive
from ops.services.redis import Redis
from ops.services.server import Server

END_LIMIT_S: Final = 30.0
Harm = AsyncIterator[str | None]

POSTGRES: Final = frozenset({"postgres"})


def _processes(server: Server) -> list[psutil.Process]:
    main = server.process()
    if main is None:
        raise ChaosError(f"{server.title} does not run.")
    return [main, *main.children(recursive=True)]


def _send(processes: list[psutil.Process], number: Signals) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


async def _end(server: Server, number: Signals) -> None:
    """End it the hard way and wait until all of it is gone: its data must not be used twice."""
    family = _processes(server)
    os.kill(family[0].pid, number)
    async with asyncio.timeout(END_LIMIT_S):
        while any(is_alive(process.pid) for process in family):
            await asyncio.sleep(0.05)


async def _start(system: System, server: Server) -> None:
    """That one only: the other may be stopped, and a start waits for its answer."""
    is_postgres = isinstance(server, PostgreSQL)
    started = await asyncio.to_thread(
        services.start, system.directory, postgres=is_postgres, redis=not is_postgres
    )
    if not started.environment().items() <= system.services.environment().items():
        raise ChaosError("another program has taken a server's port while it was down.")


@asynccontextmanager
async def redis_stopped(system: System, _target: str, _dice: Random) -> Harm:
    """SIGSTOP: it accepts connections and never answers."""
    family = _processes(Redis(system.directory))
    try:
        _send(family, Signals.SIGSTOP)
        yield None
    finally:
        _send(family, Signals.SIGCONT)


@asynccontextmanager
async def postgres_stopped(system: System, _target: str, _dice: Random) -> Harm:
    """SIGSTOP of all its processes; the postmaster first, so that it makes no more of them."""
    server = PostgreSQL(system.directory)
    try:
        _send(_processes(server)[:1], Signals.SIGSTOP)
        _send(_processes(server), Signals.SIGSTOP)
        yield None
    finally:
        _send(_processes(server)[::-1], Signals.SIGCONT)


@asynccontextmanager
async def redis_emptied(system: System, _target: str, _dice: Random) -> Harm:
    """kill -9, and a new one without any of the old one's data."""
    server = Redis(system.directory)
    try:
        await _end(server, Signals.SIGKILL)
        await asyncio.to_thread(shutil.rmtree, server.data)
        yield None
    finally:
        await _start(system, server)


@asynccontextmanager
async def postgres_restarted(system: System, _target: str, _dice: Random) -> Harm:
    """Immediate mode, as after a crash: sessions end at once, the start recovers from the log."""
    server = PostgreSQL(system.directory)
    try:
        await _end(server, Signals.SIGQUIT)
        yield None
    finally:
        await _start(system, server)


@asynccontextmanager
async def postgres_connections_cut(system: System, _target: str, _dice: Random) -> Harm:
    """Every session of ours, as a failover or a firewall does."""
    await asyncio.to_thread(looking.cut_connections, system)
    yield None


@asynccontextmanager
async def redis_connections_cut(system: System, _target: str, _dice: Random) -> Harm:
    """Every client of Redis but the one that says so."""

    def cut() -> None:
        with redis.Redis.from_url(system.broker_url, socket_timeout=5) as client:
            client.client_kill_filter(_type="normal", skipme=True)

    await asyncio.to_thread(cut)
    yield None


@asynccontextmanager
async def _held(begin: Callable[..., Any], *arguments: object) -> Harm:
    transaction: psycopg.Connection[Any] = await asyncio.to_thread(begin, *arguments)
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


SERVER_FAULTS: Final = (
    Fault("Redis stopped", "redis", (10, 12), 2, redis_stopped),
    Fault("PostgreSQL stopped", "postgres", (10, 12), 2, postgres_stopped),
    Fault("Redis emptied", "redis", (0, 2), 4, redis_emptied),
    Fault("PostgreSQL restarted", "postgres", (0, 1), 3, postgres_restarted),
    Fault("PostgreSQL's connections cut", "postgres", (0, 0), 5, postgres_connections_cut),
    Fault("Redis' connections cut", "redis", (0, 0), 5, redis_connections_cut),
    Fault("bets held", "bets", (2, 8), 5, bets_held, POSTGRES),
    Fault("account held", "accounts", (2, 8), 3, account_held, POSTGRES),
)
