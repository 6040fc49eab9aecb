"""Samples the memory of each process over its life, and says whether it grows."""

import asyncio
import time
from dataclasses import dataclass, field
from statistics import median
from typing import Final

import psutil

from testbed.chaos.program import Program

SAMPLE_INTERVAL_S: Final = 5.0
LONG_LIFE_S: Final = 240.0
"""Less than that is warming up."""

CERTAIN_RATIO: Final = 1.5
CERTAIN_MB: Final = 50.0


@dataclass
class Life:
    """One process from its start to its end."""

    program: str
    role: str
    samples: list[tuple[float, float]] = field(default_factory=list)
    """Seconds of the run, megabytes resident."""

    @property
    def seconds(self) -> float:
        return self.samples[-1][0] - self.samples[0][0]

    def quarters(self) -> tuple[float, float]:
        """The median of the first and of the last quarter of its life."""
        quarter = max(1, len(self.samples) // 4)
        sizes = [size for _, size in self.samples]
        return median(sizes[:quarter]), median(sizes[-quarter:])

    @property
    def grows(self) -> bool:
        """For certain."""
        first, last = self.quarters()
        return (
            self.seconds >= LONG_LIFE_S
            and last > first * CERTAIN_RATIO
            and last - first > CERTAIN_MB
        )


class Memory:
    """Samples of all processes; a process is told by its id and the moment of its birth."""

    def __init__(self) -> None:
        self._lives: dict[tuple[int, float], Life] = {}
        self._started = time.monotonic()

    async def watch(self, programs: list[Program]) -> None:
        """Until cancelled."""
        while True:
            await asyncio.to_thread(self.sample, programs)
            await asyncio.sleep(SAMPLE_INTERVAL_S)

    def sample(self, programs: list[Program]) -> None:
        """Once, of all that run, their children included."""
        now = time.monotonic() - self._started
        for program in programs:
            for number, pid in enumerate(program.pids()):
                try:
                    process = psutil.Process(pid)
                    key = pid, process.create_time()
                    size = process.memory_info().rss / 1e6
                except psutil.NoSuchProcess:
                    continue
                role = f"{program.role}'s child" if number else program.role
                life = self._lives.setdefault(key, Life(program.name, role))
                life.samples.append((now, size))

    def longest(self) -> list[Life]:
        """Of each kind of process the one that lived longest."""
        longest: dict[str, Life] = {}
        for life in self._lives.values():
            if life.role not in longest or life.seconds > longest[life.role].seconds:
                longest[life.role] = life
        return list(longest.values())

    def growing(self) -> list[Life]:
        """Those that grow for certain."""
        return [life for life in self._lives.values() if life.grows]
