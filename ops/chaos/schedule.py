"""Which fault comes when: drawn from the seed before the run; and carrying them out."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Final

from ops.chaos.faults import PROCESS_FAULTS, Fault
from ops.chaos.server_faults import SERVER_FAULTS
from ops.chaos.system import System

FAULTS: Final = PROCESS_FAULTS + SERVER_FAULTS

GAP_S: Final = (2.0, 4.0)
"""From one fault's beginning to the next one's, unless that has to wait."""

MOST_AT_ONCE: Final = 2


@dataclass(frozen=True)
class Planned:
    """One fault of the run."""

    at_s: float
    """Its earliest beginning, counted from the run's."""
    fault: Fault
    seconds: float
    dice: Random = field(compare=False, repr=False)
    """For what is up to chance when it begins, such as which of two processes is meant."""


def plan(seed: int, faults: Sequence[Fault] = FAULTS) -> Iterator[Planned]:
    """Faults without an end: each kind once in a random order, then by weight."""
    random = Random(f"faults of {seed}")  # noqa: S311 - a game's dice, no secret
    firsts = random.sample(faults, len(faults))
    at_s = 0.0
    while True:
        at_s += random.uniform(*GAP_S)
        fault = firsts.pop() if firsts else random.choices(faults, [f.weight for f in faults])[0]
        yield Planned(at_s, fault, random.uniform(*fault.seconds), Random(random.random()))  # noqa: S311


class Schedule:
    """Carries out what is planned, at most two faults at a time and one to a target."""

    def __init__(self, system: System, planned: Iterator[Planned]) -> None:
        self.begun: Counter[str] = Counter()
        """How many faults of each kind."""
        self.under_way: dict[str, str] = {}
        """The names of the faults that are in effect, by what they are done to."""
        # What a fault needs while it is being done, by its target: that must stay well so long.
        self._needed: dict[str, frozenset[str]] = {}
        self._system = system
        self._planned = planned
        self._changed = asyncio.Condition()

    async def carry_out(self, seconds: float) -> None:
        """Begin faults for so long; returns when the last one has been undone."""
        clock = asyncio.get_running_loop().time
        started = clock()
        async with asyncio.TaskGroup() as faults:
            for planned in self._planned:
                targets = self._targets(planned.fault)
                if not targets:
                    continue  # there is nothing of the kind in this system
                target = planned.dice.choice(targets)
                try:
                    async with asyncio.timeout_at(started + seconds):
                        await asyncio.sleep(started + planned.at_s - clock())
                        await self._wait_for_place(planned.fault, target)
                except TimeoutError:
                    return
                self.under_way[target] = planned.fault.name
                self._needed[target] = planned.fault.needs
                faults.create_task(self._do(planned, target))

    def _targets(self, fault: Fault) -> list[str]:
        if fault.target in ("worker", "sweeper", "receiver"):
            return [program.name for program in self._system.of(fault.target)]
        return [fault.target]

    async def _wait_for_place(self, fault: Fault, target: str) -> None:
        def free() -> bool:
            busy = self.under_way.keys() | frozenset().union(*self._needed.values())
            return len(self.under_way) < MOST_AT_ONCE and not (fault.needs | {target}) & busy

        async with self._changed:
            await self._changed.wait_for(free)

    async def _do(self, planned: Planned, target: str) -> None:
        try:
            async with planned.fault.hold(self._system, target, planned.dice) as better_name:
                name = better_name or planned.fault.name
                self.begun[name] += 1
                await self._no_longer_needed(target)
                self._note(f"{name}: {target}, for {planned.seconds:.1f} s")
                await asyncio.sleep(planned.seconds)
            self._note(f"{name}: {target} is undone")
        finally:
            del self.under_way[target]
            await self._no_longer_needed(target)

    async def _no_longer_needed(self, target: str) -> None:
        self._needed.pop(target, None)
        async with self._changed:
            self._changed.notify_all()

    def _note(self, what: str) -> None:
        """For whoever reads the processes' logs: their times are UTC, too."""
        with (self._system.logs / "faults.log").open("a") as log:
            log.write(f"{datetime.now(UTC).isoformat()} {what}\n")
