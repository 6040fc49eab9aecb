"""The faults of the receivers' disk, while ledger and queue are cut off: only then it is used."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from random import Random
from typing import Final

from testbed.chaos import addresses
from testbed.chaos.faults import Fault
from testbed.chaos.holding import Harm, filled
from testbed.chaos.outages import Outage
from testbed.chaos.system import System

BOTH: Final = frozenset({"postgres", "redis"})


@asynccontextmanager
async def cut_off(system: System, _target: str, dice: Random) -> Harm:
    """Ledger and queue, with room on the disk."""
    async with _cut_off(system, dice):
        yield None


@asynccontextmanager
async def disk_full(system: System, _target: str, dice: Random) -> Harm:
    """No room for a cancel: it gets HTTP 503, and the provider sends it again."""
    disk = filled(system.storage.disk(system.spools), hovering=False)
    async with _without_room(system), _cut_off(system, dice), disk:
        yield None


@asynccontextmanager
async def disk_hovering(system: System, _target: str, dice: Random) -> Harm:
    """By turns room and none, five times a second."""
    disk = filled(system.storage.disk(system.spools), hovering=True)
    async with _without_room(system), _cut_off(system, dice), disk:
        yield None


@asynccontextmanager
async def _cut_off(system: System, dice: Random) -> AsyncIterator[None]:
    cut = system.addresses.refuse if dice.random() < 0.7 else system.addresses.silence_all
    try:
        for name in (addresses.POSTGRES, addresses.REDIS):
            cut(name)
        yield
    finally:
        for name in (addresses.POSTGRES, addresses.REDIS):
            system.addresses.resume(name)


@asynccontextmanager
async def _without_room(system: System) -> AsyncIterator[None]:
    """Notes when nothing could keep a cancel: that excuses HTTP 503."""
    since = datetime.now(UTC)
    try:
        yield
    finally:
        system.without_room.append(Outage("spool", since, datetime.now(UTC)))


SPOOL_FAULTS: Final = (
    Fault("ledger and queue both cut off", "spool", (2, 5), 2, cut_off, occupies=BOTH),
    Fault("both cut off, spool's disk full", "spool", (2, 4), 2, disk_full, occupies=BOTH),
    Fault(
        "both cut off, spool's disk hovering",
        "spool",
        (3, 6),
        2,
        disk_hovering,
        occupies=BOTH,
    ),
)
