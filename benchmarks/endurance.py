"""A million cancels: does the memory of receiver and worker stay flat?"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import psutil

from benchmarks import filling
from benchmarks.checking import check
from benchmarks.contenders import CONTENDERS
from benchmarks.environment import Environment, Ledger
from benchmarks.load import LoadError, offer
from benchmarks.progress import Shown

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

    def row(self) -> tuple[str, ...]:
        """For a table."""
        figures = self.after_a_tenth_mb, self.at_the_end_mb, self.max_mb
        result = ("met" if self.met else "MISSED") + ("" if self.lived else ": ended")
        return self.process, *(f"{figure:.1f}" for figure in figures), result


@dataclass
class Endurance:
    """What is counted meanwhile."""

    began: float = field(default_factory=time.monotonic)
    answered: int = 0
    failed: int = 0
    samples: list[Sample] = field(default_factory=list)

    def look(self) -> None:
        """Take a sample of each process of ours that this one started."""
        seconds = round(time.monotonic() - self.began, 1)
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                line = " ".join(process.cmdline())
                for role in (role for sign, role in _ROLES.items() if sign in line):
                    rss_mb = round(process.memory_info().rss / 2**20, 1)
                    name = f"{role} {process.pid}"
                    self.samples.append(Sample(seconds, self.answered, name, rss_mb))

    def summary(self) -> list[Memory]:
        """For each process there was."""
        of = {
            name: [sample for sample in self.samples if sample.process == name]
            for name in sorted({sample.process for sample in self.samples})
        }
        whole = max(len(samples) for samples in of.values())
        return [self._memory(samples, lived=len(samples) == whole) for samples in of.values()]

    def _memory(self, samples: list[Sample], *, lived: bool) -> Memory:
        later = [s.rss_mb for s in samples if s.cancels >= self.answered / 10]
        figures = later or [sample.rss_mb for sample in samples]
        most = max(sample.rss_mb for sample in samples)
        return Memory(samples[0].process, figures[0], figures[-1], most, lived)

    def document(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "cancels": self.answered,
            "failed": self.failed,
            "processes": [asdict(memory) | {"met": memory.met} for memory in self.summary()],
            "samples": [asdict(sample) for sample in self.samples],
        }


def carry_out(
    benchmark: Environment, ledger: Ledger, cancels: int, connections: int, shown: Shown
) -> Endurance:
    """Have Unbet answer `cancels` cancels. Raises `CheckError`, `BenchmarkError`, `LoadError`."""
    references, bets = filling.references(), list[filling.Bet]()
    contender = CONTENDERS["unbet"]
    rate = contender.at_most_per_s
    with benchmark.running(contender.commands, benchmark.environment(ledger)) as url:
        found = Endurance()
        with _watched(found):
            while found.answered < cancels:
                # Those that were not asked for in the last stretch come first.
                missing = max(0, rate * LEG_S - len(bets))
                new = filling.new_bets(references, missing, filling.players())
                filling.place(ledger.engine, new)
                bets += new
                measured = offer(
                    url, bets, connections=connections, seconds=LEG_S, directory=benchmark.scratch
                )
                if measured.exhausted and measured.answered == 0:
                    raise LoadError("there were no bets to cancel")
                found.answered += measured.answered
                found.failed += measured.failures
                unanswered = connections + measured.failures
                check(ledger.engine, bets, measured.references, unanswered=unanswered)
                bets = bets[measured.asked :]
                rate = round(measured.per_second * 1.5)
                shown.often(f"{found.answered:,} of {cancels:,} cancels")
    shown.step(f"{found.answered:,} cancels in {time.monotonic() - found.began:.0f} s")
    return found


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
