"""PostgreSQL's clock jumps, by libfaketime where that is installed. Python's own processes are left
alone: with it their `time.sleep` fails whenever the clock goes back."""

from contextlib import asynccontextmanager
from random import Random
from typing import Final

from testbed.chaos.clocks import RIGHT
from testbed.chaos.faults import Fault
from testbed.chaos.holding import Harm
from testbed.chaos.system import System


@asynccontextmanager
async def jumped(system: System, _target: str, dice: Random) -> Harm:
    """An hour ahead or back on both servers, and at the end right again."""
    try:
        system.clock.write_text(dice.choice(("+3600", "-3600")))
        yield None
    finally:
        system.clock.write_text(RIGHT)


CLOCK_FAULTS: Final = (
    Fault("PostgreSQL's clock jumped an hour", "clock", (2, 6), 4, jumped, jumps=True),
)
