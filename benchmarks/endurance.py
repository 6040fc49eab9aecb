"""A million cancels: does the memory of receiver and worker stay flat?"""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any, Final

import psutil

from benchmarks import filling
from benchmarks.checking import check
from benchmarks.contenders import CONTENDERS
from benchmarks.environment import Environment, Ledger
from benchmarks.filling import Bet
from benchmarks.load import LoadError, offer
from benchmarks.progress import Shown
from benchmarks.references import References
from unbet.cli.display import print_table

MAX_MB: Final = 150
FLAT: Final = 1.1
"""What a process holds at the end, as a multiple of what it held after a tenth of the cancels."""

SAMPLE_INTERVAL_S: Final = 2.0
LEG_S: Final = 15
"""One stretch of load; bets are placed in between."""

_ROLES: Final = {"-m api": "receiver", "worker.app": "worker"}


@dataclass(frozen=True)
class Sample:
    """The memory of one process at one moment."""

    seconds: float
    """Since the beginning."""
    cancels: int
    """Answered by then, to the last stretch."""
    process: str
    """Its role and pid."""
    rss_mb: float


@dataclass(frozen=True)
class Memory:
    """What one process held."""

    process: str
    after_a_tenth_mb: float
    at_the_end_mb: float
    max_mb: float
    lived: bool
    """From the first sample to the last: a process that was replaced proves nothing."""

    @property
    def met(self) -> bool:
        flat = self.at_the_end_mb <= FLAT * self.after_a_tenth_mb
        return self.lived and flat and self.max_mb < MAX_MB


class Endurance:
    """What is counted meanwhile."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.answered = 0
        self.failed = 0
        self.samples: list[Sample] = []

    def look(self) -> None:
        """Take a sample of each process."""
        seconds = round(time.monotonic() - self.began, 1)
        for name, rss_mb in _memory():
            self.samples.append(Sample(seconds, self.answered, name, rss_mb))

    def summary(self) -> list[Memory]:
        """For each process there was."""
        by_process: dict[str, list[Sample]] = defaultdict(list)
        for sample in self.samples:
            by_process[sample.process].append(sample)
        whole = max(len(samples) for samples in by_process.values())
        return [
            _memory_of(name, samples, self.answered, lived=len(samples) == whole)
            for name, samples in sorted(by_process.items())
        ]


def carry_out(
    benchmark: Environment, ledger: Ledger, cancels: int, connections: int, shown: Shown
) -> Endurance:
    """Have Unbet answer `cancels` cancels. Raises `CheckError`, `BenchmarkError`, `LoadError`."""
    references, bets = References(), list[Bet]()
    contender = CONTENDERS["unbet"]
    rate = contender.at_most_per_s
    with benchmark.running(contender.commands, benchmark.environment(ledger)) as url:
        found = Endurance()
        with _watched(found):
            while found.answered < cancels:
                # Those that were not asked for in the last stretch come first.
                new = filling.new_bets(
                    references, max(0, rate * LEG_S - len(bets)), filling.players()
                )
                filling.place(ledger.engine, new)
                bets += new
                measured = offer(
                    url, bets, connections=connections, seconds=LEG_S, directory=benchmark.scratch
                )
                if measured.exhausted and measured.answered == 0:
                    raise LoadError("there were no bets to cancel")
                found.answered += measured.answered
                found.failed += measured.failures
                check(
                    ledger.engine,
                    bets,
                    measured.references,
                    unanswered=connections + measured.failures,
                )
                bets = bets[measured.asked :]
                rate = round(measured.per_second * 1.5)
                shown.often(f"{found.answered:,} of {cancels:,} cancels")
    shown.step(f"{found.answered:,} cancels in {time.monotonic() - found.began:.0f} s")
    return found


def print_memory(found: Endurance) -> None:
    """One row for each process."""
    print_table(
        f"Memory over {found.answered:,} cancels ({found.failed} failed), in MB",
        ["process", "after a tenth", "at the end", "most", f"flat, below {MAX_MB}"],
        (
            (
                memory.process,
                f"{memory.after_a_tenth_mb:.1f}",
                f"{memory.at_the_end_mb:.1f}",
                f"{memory.max_mb:.1f}",
                ("met" if memory.met else "MISSED") + ("" if memory.lived else ": ended"),
            )
            for memory in found.summary()
        ),
    )


def document(found: Endurance) -> dict[str, Any]:
    """For JSON."""
    return {
        "cancels": found.answered,
        "failed": found.failed,
        "processes": [asdict(memory) | {"met": memory.met} for memory in found.summary()],
        "samples": [asdict(sample) for sample in found.samples],
    }


@contextmanager
def _watched(found: Endurance) -> Iterator[None]:
    over = threading.Event()

    def watch() -> None:
        while not over.wait(SAMPLE_INTERVAL_S):
            found.look()

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield
        found.look()
    finally:
        over.set()
        watching.join()


def _memory() -> Iterator[tuple[str, float]]:
    """Role with pid, and resident megabytes, of each process of ours that this one started."""
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            line = " ".join(process.cmdline())
            role = next((role for sign, role in _ROLES.items() if sign in line), None)
            if role is not None:
                yield f"{role} {process.pid}", round(process.memory_info().rss / 2**20, 1)


def _memory_of(name: str, samples: Sequence[Sample], answered: int, *, lived: bool) -> Memory:
    later = [sample.rss_mb for sample in samples if sample.cancels >= answered / 10]
    figures = later or [sample.rss_mb for sample in samples]
    most = max(sample.rss_mb for sample in samples)
    return Memory(name, figures[0], figures[-1], most, lived)
