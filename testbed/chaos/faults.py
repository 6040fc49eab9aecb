"""The faults of our own processes. A fault is a context: entering it does the harm, leaving it
undoes it. It may yield a better name for what was done."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from signal import Signals
from typing import Final

import psutil

from testbed.chaos import postgres_sessions
from testbed.chaos.program import Program
from testbed.chaos.system import System

Hold = Callable[[System, str, Random], AbstractAsyncContextManager[str | None]]

BACK_LIMIT_S: Final = 30.0
"""Within which a killed process runs again."""

CATCH_FOR_S: Final = 3.0
"""A group is in its transaction for some ten milliseconds: it takes a few tries."""

CATCH_PAUSE_S: Final = 0.02


@dataclass(frozen=True)
class Fault:
    """A kind of fault."""

    name: str
    target: str
    """What it is done to: a role of ours, or the name of something that there is one of. One target
    suffers one fault at a time."""
    seconds: tuple[float, float]
    """The shortest and the longest."""
    weight: int
    """How often it is drawn, compared with the others."""
    hold: Hold = field(repr=False)
    needs: frozenset[str] = frozenset()
    """Targets that must be well when it begins."""
    occupies: frozenset[str] = frozenset()
    """Targets beside its own that suffer as long as it lasts."""
    jumps: bool = False
    """It needs clocks that can be set."""
    kills: bool = False
    """It ends a whole process of ours, and with it what its memory had come to."""


def _program(system: System, name: str) -> Program:
    return next(program for program in system.programs if program.name == name)


async def _back(program: Program) -> None:
    async with asyncio.timeout(BACK_LIMIT_S):
        while not program.up:
            await asyncio.sleep(0.1)


@asynccontextmanager
async def killed(system: System, target: str, _dice: Random) -> AsyncIterator[str | None]:
    """kill -9 of a process and its children; the supervisor starts it again."""
    program = _program(system, target)
    program.kill()
    try:
        yield None
    finally:
        await _back(program)


@asynccontextmanager
async def child_killed(system: System, target: str, dice: Random) -> AsyncIterator[str | None]:
    """kill -9 of one of a worker's processes; the worker makes a new one."""
    children = _program(system, target).children()
    if children:
        with suppress(psutil.NoSuchProcess):
            dice.choice(children).kill()
    yield None


@asynccontextmanager
async def stopped_in_transaction(
    system: System, target: str, _dice: Random
) -> AsyncIterator[str | None]:
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


PROCESS_FAULTS: Final = (
    Fault("worker killed", "worker", (0, 0), 9, killed, kills=True),
    Fault("worker's child killed", "worker", (0, 0), 14, child_killed),
    Fault("sweeper killed", "sweeper", (0, 0), 7, killed, kills=True),
    Fault("receiver killed", "receiver", (0, 0), 6, killed, kills=True),
    Fault(
        "worker stopped in a transaction",
        "worker",
        (2, 9),
        5,
        stopped_in_transaction,
        frozenset({"postgres"}),
    ),
)
