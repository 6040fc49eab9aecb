"""The faults of Redis and of the connections to it."""

import secrets
import shutil
from contextlib import asynccontextmanager
from random import Random
from signal import Signals
from typing import Final

from testbed.chaos.faults import Fault, Hold
from testbed.chaos.holding import Harm, end, processes, send, whole
from testbed.chaos.redis_pair import client_of
from testbed.chaos.server_faults import (
    address_silent,
    connections_silent,
    disk_full,
    disk_hovering,
    failed_over,
)
from testbed.chaos.system import System


@asynccontextmanager
async def stopped(system: System, _target: str, _dice: Random) -> Harm:
    """SIGSTOP: it accepts connections and never answers."""
    family = processes(system.redis.primary)
    try:
        send(family, Signals.SIGSTOP)
        yield None
    finally:
        send(family, Signals.SIGCONT)


@asynccontextmanager
async def emptied(system: System, _target: str, _dice: Random) -> Harm:
    """kill -9, and a new one without any of the old one's data."""
    server = system.redis.primary
    try:
        await end(server, Signals.SIGKILL)
        await whole(shutil.rmtree, server.data)
        yield None
    finally:
        await whole(system.redis.restore)


def _do(system: System, *commands: tuple[str, ...], password: str | None = None) -> None:
    """On the primary; a replica that is not there is no reason not to."""
    with client_of(system.redis.primary, password) as client:
        for command in commands:
            client.execute_command(*command)


CUT: Final = ("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


@asynccontextmanager
async def connections_cut(system: System, _target: str, _dice: Random) -> Harm:
    """Every client of Redis but the one that says so."""
    await whole(_do, system, CUT)
    yield None


@asynccontextmanager
async def demoted(system: System, _target: str, _dice: Random) -> Harm:
    """READONLY: it is a replica for a while, under the same address."""
    try:
        await whole(system.redis.demote)
        yield None
    finally:
        await whole(system.redis.restore)


def _configured(do: tuple[str, ...], undo: tuple[str, ...]) -> Hold:
    """One command makes it so, another one undoes it."""

    @asynccontextmanager
    async def hold(system: System, _target: str, _dice: Random) -> Harm:
        try:
            await whole(_do, system, do)
            yield None
        finally:
            await whole(_do, system, undo)

    return hold


@asynccontextmanager
async def password_changed(system: System, _target: str, dice: Random) -> Harm:
    """Who connects is refused; who is connected is cut off, half of the time."""
    other, own = secrets.token_hex(16), system.redis.password
    cut = (CUT,) if dice.random() < 0.5 else ()
    try:
        await whole(_do, system, ("CONFIG", "SET", "requirepass", other), *cut)
        yield None
    finally:

        def undo() -> None:
            _do(system, ("CONFIG", "SET", "requirepass", own), password=other)

        await whole(undo)


REDIS_FAULTS: Final = (
    Fault("Redis stopped", "redis", (9, 11), 1, stopped),
    Fault("Redis emptied", "redis", (0, 2), 3, emptied),
    Fault("Redis failed over to its replica", "redis", (0, 2), 3, failed_over),
    Fault("Redis demoted (READONLY)", "redis", (2, 5), 3, demoted),
    Fault(
        "Redis refuses writes (NOREPLICAS)",
        "redis",
        (2, 5),
        2,
        _configured(
            ("CONFIG", "SET", "min-replicas-to-write", "9"),
            ("CONFIG", "SET", "min-replicas-to-write", "0"),
        ),
    ),
    Fault(
        "Redis refuses writes (OOM)",
        "redis",
        (2, 5),
        2,
        _configured(
            ("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", str(1 << 30))
        ),
    ),
    Fault(
        "Redis refuses writes (NOPERM)",
        "redis",
        (2, 5),
        2,
        _configured(
            ("ACL", "SETUSER", "default", "-@write"), ("ACL", "SETUSER", "default", "+@all")
        ),
    ),
    Fault("Redis' password changed", "redis", (2, 5), 3, password_changed),
    Fault("Redis' disk full", "redis", (2, 4), 2, disk_full),
    Fault("Redis' disk hovering", "redis", (2, 4), 2, disk_hovering),
    Fault("Redis' connections cut", "redis", (0, 0), 8, connections_cut),
    Fault("Redis' connections silent", "redis", (2, 6), 3, connections_silent),
    Fault("Redis' address silent", "redis", (2, 6), 3, address_silent),
)
