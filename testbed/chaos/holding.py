"""The common part of several faults: signals to a server's processes, a disk that is full for a
while, and blocking work that always ends."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from signal import Signals
from typing import Any, Final, TypeVar

import psutil

from testbed.chaos.disks import Disk, hover
from testbed.chaos.system import ChaosError
from unbet.local.services.process import is_alive
from unbet.local.services.server import Server

END_LIMIT_S: Final = 30.0

Harm = AsyncIterator[str | None]
T = TypeVar("T")


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


async def end(server: Server, number: Signals) -> None:
    """End it the hard way and wait until all of it is gone: its data must not be used twice."""
    family = processes(server)
    os.kill(family[0].pid, number)
    async with asyncio.timeout(END_LIMIT_S):
        while any(is_alive(process.pid) for process in family):
            await asyncio.sleep(0.05)


@asynccontextmanager
async def filled(disk: Disk, *, hovering: bool) -> AsyncIterator[None]:
    """Within, the disk is full, or by turns full and not."""
    if hovering:
        stop = threading.Event()
        task = asyncio.create_task(asyncio.to_thread(hover, disk, stop))
        try:
            yield
        finally:
            stop.set()
            await task
    else:
        await whole(disk.fill)
        try:
            yield
        finally:
            await whole(disk.empty)
