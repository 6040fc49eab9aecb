"""The faults that PostgreSQL and Redis share. A fault's target is the server's name, which is also
the name of its service address."""

import asyncio
from contextlib import asynccontextmanager
from random import Random
from typing import Final

from testbed.chaos import addresses
from testbed.chaos.holding import Harm, filled, whole
from testbed.chaos.postgres_pair import PostgresPair
from testbed.chaos.redis_pair import RedisPair
from testbed.chaos.system import System

ADDRESS_LATE_S: Final = {addresses.POSTGRES: 2.0, addresses.REDIS: 3.0}
"""How long after the failover the service address still leads to the old primary, at most."""


def pair(system: System, target: str) -> PostgresPair | RedisPair:
    return system.postgres if target == addresses.POSTGRES else system.redis


@asynccontextmanager
async def connections_silent(system: System, target: str, dice: Random) -> Harm:
    """What is connected hears nothing more; who connects anew is served. Afterwards the old ones
    hear it all, or are reset."""
    system.addresses.silence_established(target)
    try:
        yield None
    finally:
        _resume(system, target, dice)


@asynccontextmanager
async def address_silent(system: System, target: str, dice: Random) -> Harm:
    """Nobody hears anything; connections are accepted."""
    system.addresses.silence_all(target)
    try:
        yield None
    finally:
        _resume(system, target, dice)


def _resume(system: System, target: str, dice: Random) -> None:
    if dice.random() < 0.5:
        system.addresses.reset(target)
    system.addresses.resume(target)


@asynccontextmanager
async def failed_over(system: System, target: str, dice: Random) -> Harm:
    """The standby is promoted, and the old primary is a standby of it that takes no writes, to
    which the service address still leads for a while. Sessions made meanwhile stay there."""
    servers = pair(system, target)
    recovery = system.recoveries.begin(servers.primary.title)
    late_s = dice.uniform(0.0, ADDRESS_LATE_S[target])
    try:
        await whole(servers.switch, recovery.gone)
        await asyncio.sleep(late_s)
        system.addresses.move(target, servers.port)
        yield None
    finally:
        await whole(servers.restore)
        system.addresses.move(target, servers.port)


@asynccontextmanager
async def disk_full(system: System, target: str, _dice: Random) -> Harm:
    """No room for the primary's data and log: Redis refuses writes (MISCONF)."""
    async with _filled(system, target, hovering=False):
        yield None


@asynccontextmanager
async def disk_hovering(system: System, target: str, _dice: Random) -> Harm:
    """By turns room and none, five times a second."""
    async with _filled(system, target, hovering=True):
        yield None


@asynccontextmanager
async def _filled(system: System, target: str, *, hovering: bool) -> Harm:
    """A server that ends over it is started again after."""
    servers = pair(system, target)
    try:
        async with filled(system.disk_of(servers.primary), hovering=hovering):
            yield None
    finally:
        await whole(servers.restore)
