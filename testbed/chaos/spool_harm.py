"""What is done to the receivers' disk, while ledger and queue are cut off: only then it is used."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from random import Random

from testbed.chaos import addresses
from testbed.chaos.holding import Harm, Hold, filled
from testbed.chaos.outages import Outage
from testbed.chaos.system import System


@asynccontextmanager
async def cut_off(system: System, _target: str, dice: Random) -> Harm:
    """Ledger and queue, with room on the disk."""
    cut = system.addresses.refuse if dice.random() < 0.7 else system.addresses.silence_all
    try:
        for name in (addresses.POSTGRES, addresses.REDIS):
            cut(name)
        yield None
    finally:
        for name in (addresses.POSTGRES, addresses.REDIS):
            system.addresses.resume(name)


def cut_off_with_disk(*, hovering: bool) -> Hold:
    """No room for a cancel: it gets HTTP 503, and the provider sends it again. Or room and none by
    turns, five times a second."""

    @asynccontextmanager
    async def hold(system: System, target: str, dice: Random) -> Harm:
        disk = filled(system.storage.disk(system.spools), hovering=hovering)
        async with _without_room(system), cut_off(system, target, dice), disk:
            yield None

    return hold


@asynccontextmanager
async def _without_room(system: System) -> AsyncIterator[None]:
    """Notes when nothing could keep a cancel: that excuses HTTP 503."""
    since = datetime.now(UTC)
    try:
        yield
    finally:
        system.without_room.append(Outage("spool", since, datetime.now(UTC)))
