"""What faults are made of: acts and their undoing, signals to a server, a disk that is full."""

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from random import Random
from signal import Signals
from typing import Any, Final, TypeVar

import psutil

from testbed.chaos.disks import Disk, hover
from testbed.chaos.system import ChaosError, System
from unbet.local.services.process import is_alive
from unbet.local.services.server import Server

END_LIMIT_S: Final = 30.0

Harm = AsyncIterator[str | None]
Hold = Callable[[System, str, Random], AbstractAsyncContextManager[str | None]]
"""Entering it does the harm, leaving it undoes it. It may yield a better name for what was done."""

Act = Callable[[System, str, Random], object]
"""Blocking work: on the system, to the target, with the dice."""

T = TypeVar("T")


def held(do: Act, undo: Act = lambda *_: None) -> Hold:
    """A fault of two acts; the second follows also where the first one fails."""

    @asynccontextmanager
    async def hold(system: System, target: str, dice: Random) -> Harm:
        try:
            await whole(do, system, target, dice)
            yield None
        finally:
            await whole(undo, system, target, dice)

    return hold


async def whole(work: Callable[..., T], *arguments: Any) -> T:
    """Do blocking work in a thread; also when this is cancelled, the work is done before it ends:
    a fault must not be undone while it is still being done."""
    task = asyncio.create_task(asyncio.to_thread(work, *arguments))
    try:
        return await asyncio.shield(task)
    finally:
        await asyncio.wait([task])


def processes(server: Server) -> list[psutil.Process]:
    """The server's main process and its children."""
    main = server.process()
    if main is None:
        raise ChaosError(f"{server.title} does not run.")
    return [main, *main.children(recursive=True)]


def send(family: list[psutil.Process], number: Signals) -> None:
    """Send a signal to all of them that are left."""
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def end(server: Server, number: Signals) -> None:
    """End it the hard way and wait until all of it is gone: its data must not be used twice."""
    family, deadline = processes(server), time.monotonic() + END_LIMIT_S
    os.kill(family[0].pid, number)
    while any(is_alive(process.pid) for process in family):
        if time.monotonic() > deadline:
            raise ChaosError(f"{server.title} does not end.")
        time.sleep(0.05)


@asynccontextmanager
async def filled(disk: Disk, *, hovering: bool) -> AsyncIterator[None]:
    """Within, the disk is full, or by turns full and not."""
    stop, by_turns = threading.Event(), None
    if hovering:
        by_turns = asyncio.create_task(asyncio.to_thread(hover, disk, stop))
    else:
        await whole(disk.fill)
    try:
        yield
    finally:
        stop.set()
        await (by_turns or whole(disk.empty))
