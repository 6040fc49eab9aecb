"""What is done to PostgreSQL and Redis, to the connections to them, to their rows and disks. The
target is the server's name, which is also the name of its service address."""

import shutil
import time
from collections.abc import Callable
from contextlib import asynccontextmanager
from random import Random
from signal import Signals
from typing import Final

from testbed.chaos import addresses, postgres_sessions
from testbed.chaos.holding import Harm, Hold, end, filled, held, processes, send, whole
from testbed.chaos.postgres_pair import PostgresPair
from testbed.chaos.redis_pair import RedisPair, client_of
from testbed.chaos.system import System
from unbet.local.services.standby import alter_system, execute

ADDRESS_LATE_S: Final = {addresses.POSTGRES: 2.0, addresses.REDIS: 3.0}
"""How long after the failover the service address still leads to the old primary, at most."""

READ_ONLY: Final = "default_transaction_read_only"
CUT: Final = "CLIENT KILL TYPE normal SKIPME yes"
"""Every client of Redis but the one that says so."""


def pair(system: System, target: str) -> PostgresPair | RedisPair:
    return system.postgres if target == addresses.POSTGRES else system.redis


def restore(system: System, target: str, _dice: Random) -> None:
    """Both servers run, and each has its part."""
    pair(system, target).restore()


def stop(system: System, target: str, _dice: Random) -> None:
    """SIGSTOP: it accepts connections and never answers."""
    server = pair(system, target).primary
    send(processes(server)[:1], Signals.SIGSTOP)  # first, so that it makes no more of them
    send(processes(server), Signals.SIGSTOP)


def go_on(system: System, target: str, _dice: Random) -> None:
    send(processes(pair(system, target).primary)[::-1], Signals.SIGCONT)


def crash(system: System, *_: object) -> None:
    """PostgreSQL's immediate mode: sessions end at once, the start recovers from the log."""
    end(system.postgres.primary, Signals.SIGQUIT)


def empty(system: System, *_: object) -> None:
    """kill -9 of Redis, and a new one without any of the old one's data."""
    end(system.redis.primary, Signals.SIGKILL)
    shutil.rmtree(system.redis.primary.data)


def fail_over(system: System, target: str, dice: Random) -> None:
    """The standby is promoted, and the old primary is a standby of it that takes no writes, to
    which the service address still leads for a while. Sessions made meanwhile stay there."""
    servers = pair(system, target)
    recovery = system.recoveries.begin(servers.primary.title)
    late_s = dice.uniform(0.0, ADDRESS_LATE_S[target])
    servers.switch(recovery.gone)
    time.sleep(late_s)
    system.addresses.move(target, servers.port)


def lead_home(system: System, target: str, _dice: Random) -> None:
    servers = pair(system, target)
    servers.restore()
    system.addresses.move(target, servers.port)


def resume(system: System, target: str, dice: Random) -> None:
    """The old connections hear it all, or are reset."""
    if dice.random() < 0.5:
        system.addresses.reset(target)
    system.addresses.resume(target)


def disk(*, hovering: bool) -> Hold:
    """No room for the primary's data and log, or room and none by turns, five times a second. A
    server that ends over it is started again after; Redis refuses writes meanwhile (MISCONF)."""

    @asynccontextmanager
    async def hold(system: System, target: str, _dice: Random) -> Harm:
        servers = pair(system, target)
        try:
            data = system.storage.disk(servers.primary.data.parent)
            async with filled(data, hovering=hovering):
                yield None
        finally:
            await whole(servers.restore)

    return hold


def altered(do: str, undo: str) -> Hold:
    """PostgreSQL has one setting and then another one, in sessions that there are as well."""
    return held(
        lambda system, *_: alter_system(system.postgres.primary, do),
        lambda system, *_: alter_system(system.postgres.primary, undo),
    )


def make_sessions_read_only(system: System, *_: object) -> None:
    """Sessions that begin now are read-only and stay so, long after others are not."""
    execute(system.postgres.primary, f"ALTER DATABASE unbet SET {READ_ONLY} = on")
    postgres_sessions.cut_connections(system)


def locked(lock: Callable[[System, Random], postgres_sessions.Connection]) -> Hold:
    """A foreign transaction holds rows."""

    @asynccontextmanager
    async def hold(system: System, _target: str, dice: Random) -> Harm:
        transaction = await whole(lock, system, dice)
        try:
            yield None
        finally:
            # Closing the connection asks nothing of a server that may be stopped by now.
            transaction.close()

    return hold


def command(system: System, *lines: str, password: str | None = None) -> None:
    """On Redis' primary; a replica that is not there is no reason not to."""
    with client_of(system.redis.primary, password) as client:
        for line in lines:
            client.execute_command(*line.split())


def commanded(do: str, undo: str) -> Hold:
    """One command of Redis makes it so, another one undoes it."""
    return held(lambda system, *_: command(system, do), lambda system, *_: command(system, undo))


def change_password(system: System, _target: str, dice: Random) -> None:
    """Who connects to Redis is refused; who is connected is cut off, half of the time."""
    cut = (CUT,) if dice.random() < 0.5 else ()
    command(system, f"CONFIG SET requirepass {_other_password(system)}", *cut)


def change_password_back(system: System, *_: object) -> None:
    own = f"CONFIG SET requirepass {system.redis.password}"
    command(system, own, password=_other_password(system))


def _other_password(system: System) -> str:
    return f"not-{system.redis.password}"
