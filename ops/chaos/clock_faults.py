"""Clocks that jump, by libfaketime where it is installed: the second process of each role runs with
it, and its wall clock reads an hour more or less for some seconds. Other clocks are left alone."""

from contextlib import asynccontextmanager
from random import Random
from typing import Final

from ops.chaos.clocks import RIGHT
from ops.chaos.faults import Fault
from ops.chaos.holding import Harm
from ops.chaos.system import System


@asynccontextmanager
async def jumped(system: System, target: str, dice: Random) -> Harm:
    """An hour ahead or back, and at the end right again."""
    file = system.clock_of(target)
    try:
        file.write_text(dice.choice(("+3600", "-3600")))
        yield None
    finally:
        file.write_text(RIGHT)


CLOCK_FAULTS: Final = tuple(
    Fault(f"{role}'s clock jumped an hour", role, (2, 6), 2, jumped, jumps=True)
    for role in ("receiver", "worker", "sweeper")
)
