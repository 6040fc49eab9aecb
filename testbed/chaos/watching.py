"""Shows how far a run has come: one line on a terminal, elsewhere a line every ten seconds."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from rich.console import Console

from testbed.chaos.running import Run

LINE_INTERVAL_S: Final = 10.0
REFRESH_INTERVAL_S: Final = 0.25


@asynccontextmanager
async def watched(run: Run, console: Console) -> AsyncIterator[None]:
    """Show `run` until the end of the block."""
    watching = asyncio.create_task(_watch(run, console))
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.wait([watching])


async def _watch(run: Run, console: Console) -> None:
    started = time.monotonic()
    if not console.is_terminal:
        while True:
            await asyncio.sleep(LINE_INTERVAL_S)
            console.print(_line(run, time.monotonic() - started), soft_wrap=True)
    with console.status("") as status:
        while True:
            status.update(_line(run, time.monotonic() - started))
            await asyncio.sleep(REFRESH_INTERVAL_S)


def _line(run: Run, seconds: float) -> str:
    answers = " ".join(f"{code}:{count}" for code, count in sorted(run.tally.answers.items()))
    parts = [
        f"{seconds:4.0f} s {run.phase}",
        f"{run.tally.cancels} cancels",
        answers or "no answers yet",
        f"{run.faults.total()} faults",
        f"slowest {run.tally.slowest_s:.1f} s",
        *(f"{fault} ({target})" for target, fault in run.under_way.items()),
    ]
    return " · ".join(parts)
