"""How far a run has come, and what came of it: a table for a person, a document for machines."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from statistics import median
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from testbed.chaos.check_result import MAX_EXAMPLES, Kind
from testbed.chaos.running import Run


def table(run: Run) -> Table:
    """One line for each count."""
    shown = Table("what", "count", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_header=False)
    shown.columns[1].justify = "right"
    for section in (_load, _faults, _answers, _failovers, _memory, _findings):
        shown.add_section()
        for name, count in section(run):
            shown.add_row(name, count)
    return shown


def examples(run: Run) -> Iterator[str]:
    """The first violations of each kind, a line each."""
    for kind in Kind:
        for what in run.result.violations.get(kind, [])[:MAX_EXAMPLES]:
            yield f"{kind}: {what}"


def document(run: Run) -> dict[str, object]:
    """Everything that the table has, and the examples."""
    return {
        "ok": run.finished and run.result.ok,
        "seed": run.seed,
        "seconds": run.seconds,
        "wallet": run.system.wallet.name,
        "dialect": run.system.dialect.name,
        "shared_spool": run.system.shared_spool,
        "disks": run.system.storage.mounts,
        **vars(run.tally),
        "faults": dict(sorted(run.schedule.begun.items())),
        "faults_not_undone": dict(run.not_undone),
        "faults_not_available": run.not_available,
        "ended_by_themselves": [
            {"program": e.program, "at": e.at.isoformat(), "how": e.how, "log": e.said}
            for e in run.endings
        ],
        "held_up_s": round(run.lag.worst_s, 3),
        "failovers": run.system.recoveries.seconds(),
        "memory": [
            {"program": life.program, "role": life.role, "seconds": life.seconds,
             "first_mb": life.quarters()[0], "last_mb": life.quarters()[1]}
            for life in run.memory
        ],
        "drained_in_s": round(run.drained_in_s, 1),
        "dead": run.result.dead,
        "violations": run.result.document(),
    }  # fmt: skip


def _load(run: Run) -> Iterator[tuple[str, str]]:
    yield "wallet", run.system.wallet.name
    yield "dialect", run.system.dialect.name
    yield "cancels", str(run.tally.cancels)
    yield "requests, retransmissions included", str(run.tally.requests)
    for client, count in sorted(run.tally.clients.items()):
        if client != "plain":
            yield f"  of a client that {client}", str(count)
    yield "bets and wins", str(run.tally.bets)
    shared = run.system.shared_spool
    yield "spool directory", "one for both receivers" if shared else "one each"
    full = "disks" if run.system.storage.mounts else "the processes' file limit"
    yield "what gets full", full


def _faults(run: Run) -> Iterator[tuple[str, str]]:
    yield "faults", str(run.schedule.begun.total())
    for name, count in sorted(run.schedule.begun.items()):
        yield f"  {name}", str(count)
    for name, count in run.not_undone.items():
        yield f"  not undone: {name}", str(count)
    for name, why in run.not_available.items():
        yield f"  {name}", why


def _answers(run: Run) -> Iterator[tuple[str, str]]:
    for label, count in sorted(run.tally.answers.items()):
        if label != "none":
            yield f"answered {label}", str(count)
    for client, count in sorted(run.tally.unanswered.items()):
        yield f"no answer, client {client}", str(count)
    yield "slowest answer", f"{run.tally.slowest_s:.2f} s"
    yield "provider itself held up, at most", f"{run.lag.worst_s:.2f} s"


def _failovers(run: Run) -> Iterator[tuple[str, str]]:
    if not run.system.recoveries.is_measured:
        yield "failover to final answers", "not measured: a mismatch may stay temporary"
    for server, seconds in run.system.recoveries.seconds().items():
        known = [s for s in seconds if s is not None]
        if known:
            times = f"{median(known):.1f} s, {max(known):.1f} s"
            yield f"{server} failover to final answers: median, worst", times
        if len(known) < len(seconds):
            yield f"{server} failover without final answers after", str(len(seconds) - len(known))


def _memory(run: Run) -> Iterator[tuple[str, str]]:
    for life in run.memory:
        first, last = life.quarters()
        name = f"memory of a {life.role} over {life.seconds:.0f} s: first, last quarter"
        yield name, f"{first:.0f}, {last:.0f} MB"


def _findings(run: Run) -> Iterator[tuple[str, str]]:
    yield "drained in", f"{run.drained_in_s:.1f} s"
    yield "dead, kept for a person", str(run.result.dead)
    for kind in Kind:
        yield kind.value, str(run.result.counts[kind])


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
        f"{run.schedule.begun.total()} faults",
        f"slowest {run.tally.slowest_s:.1f} s",
        *(f"{fault} ({target})" for target, fault in run.schedule.under_way.items()),
    ]
    return " · ".join(parts)
