"""What is done to our own processes, and to PostgreSQL's clock."""

import asyncio
import time
from contextlib import asynccontextmanager, suppress
from random import Random
from signal import Signals
from typing import Final

import psutil

from testbed.chaos import postgres_sessions
from testbed.chaos.holding import Harm
from testbed.chaos.program import Program
from testbed.chaos.system import System

BACK_LIMIT_S: Final = 30.0
"""Within which a killed process runs again."""

CATCH_FOR_S: Final = 3.0
"""A group is in its transaction for some ten milliseconds: it takes a few tries."""

CATCH_PAUSE_S: Final = 0.02


def _program(system: System, name: str) -> Program:
    return next(program for program in system.programs if program.name == name)


@asynccontextmanager
async def killed(system: System, target: str, _dice: Random) -> Harm:
    """kill -9 of a process and its children; the supervisor starts it again."""
    program = _program(system, target)
    program.kill()
    try:
        yield None
    finally:
        async with asyncio.timeout(BACK_LIMIT_S):
            while not program.up:
                await asyncio.sleep(0.1)


def kill_a_child(system: System, target: str, dice: Random) -> None:
    """kill -9 of one of a worker's processes; the worker makes a new one."""
    if children := _program(system, target).children():
        with suppress(psutil.NoSuchProcess):
            dice.choice(children).kill()


@asynccontextmanager
async def stopped_in_transaction(system: System, target: str, _dice: Random) -> Harm:
    """SIGSTOP of a worker while the database shows it inside a transaction, if that is caught."""
    program = _program(system, target)
    try:
        until = time.monotonic() + CATCH_FOR_S
        while time.monotonic() < until:
            program.signal(Signals.SIGSTOP)
            if await asyncio.to_thread(postgres_sessions.is_in_transaction, system, program):
                yield None
                return
            program.signal(Signals.SIGCONT)
            await asyncio.sleep(CATCH_PAUSE_S)
        program.signal(Signals.SIGSTOP)
        yield "worker stopped"
    finally:
        program.signal(Signals.SIGCONT)


def set_clock_wrong(system: System, _target: str, dice: Random) -> None:
    """An hour ahead or back on both servers, by libfaketime, where that is installed. Python's own
    processes are left alone: with it their `time.sleep` fails whenever the clock goes back."""
    system.clock.write_text(dice.choice(("+3600", "-3600")))
