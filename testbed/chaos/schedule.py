"""Draws from the seed which fault comes when, and carries the faults out."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from random import Random
from typing import Final

from testbed.chaos.faults import FAULTS, Fault
from testbed.chaos.system import System

GAP_S: Final = (1.0, 1.6)
"""From one fault's beginning to the next one's, unless that has to wait."""

SERVERS: Final = frozenset({"postgres", "redis", "wallet", "casino"})
REST_S: Final = 3.5
"""From a server's fault to its next one: that everything recovers is to be seen. Without a rest
both are away most of the time, and little but the spool is tried."""

MAX_AT_ONCE: Final = 2

WAITING: Final = 24
"""Faults that are drawn ahead: one whose target is not free does not hold up the next."""

LONG_RUN_S: Final = 600.0
CALM_FROM: Final = 0.25
"""In a long run, the first process of each role is not killed any more from that part of it on:
memory that grows is only seen in a process that lives."""


@dataclass(frozen=True)
class Planned:
    """One fault of the run."""

    fault: Fault
    seconds: float
    gap_s: float
    """From its beginning to the next one's, at least."""
    dice: Random = field(compare=False, repr=False)
    """For what is up to chance when it begins, such as which of two processes is meant."""


def plan(seed: int, faults: Sequence[Fault] = FAULTS) -> Iterator[Planned]:
    """Faults without an end: each kind once in a random order, then by weight."""
    random = Random(f"faults of {seed}")  # noqa: S311 - a game's dice, no secret
    firsts = random.sample(faults, len(faults))
    while True:
        fault = firsts.pop() if firsts else random.choices(faults, [f.weight for f in faults])[0]
        seconds, gap_s = random.uniform(*fault.seconds), random.uniform(*GAP_S)
        yield Planned(fault, seconds, gap_s, Random(random.random()))  # noqa: S311


class Schedule:
    """Carries out what is planned, at most two faults at a time and one to a target; a server rests
    for `rest_s` seconds afterwards."""

    def __init__(
        self, system: System, planned: Iterator[Planned], *, rest_s: float = REST_S
    ) -> None:
        self.begun: Counter[str] = Counter()
        """How many faults of each kind."""
        self.undone: Counter[str] = Counter()
        self.under_way: dict[str, str] = {}
        """The names of the faults that are in effect, by what they are done to."""
        # What else it harms, and, while it is being done, what it needs: that must stay well.
        self._others: dict[str, frozenset[str]] = {}
        self._rest_s = rest_s
        self._resting: set[str] = set()
        self._next_at_s = GAP_S[0]
        self._system = system
        self._planned = planned
        self._changed = asyncio.Event()

    async def carry_out(self, seconds: float) -> None:
        """Begin faults for so long; returns when the last one has been undone."""
        clock = asyncio.get_running_loop().time
        started = clock()
        calm_from = seconds * CALM_FROM if seconds >= LONG_RUN_S else seconds
        no_clocks = self._system.clock_library is None
        waiting: list[Planned] = []
        async with asyncio.TaskGroup() as faults:
            while True:
                possible = (p for p in self._planned if not (p.fault.jumps and no_clocks))
                waiting += islice(possible, WAITING - len(waiting))
                calm = clock() - started > calm_from
                try:
                    async with asyncio.timeout_at(started + seconds):
                        await asyncio.sleep(started + self._next_at_s - clock())
                        planned, target = await self._take_one(waiting, calm=calm)
                except TimeoutError:
                    return
                self._next_at_s = clock() - started + planned.gap_s
                self.under_way[target] = planned.fault.name
                self._others[target] = planned.fault.occupies | planned.fault.needs
                faults.create_task(self._do(planned, target))

    async def _take_one(self, waiting: list[Planned], *, calm: bool) -> tuple[Planned, str]:
        """The first of those that wait whose target is free; waits until there is one."""
        while True:
            for planned in waiting if len(self.under_way) < MAX_AT_ONCE else ():
                if targets := self._free_targets(planned.fault, calm=calm):
                    waiting.remove(planned)
                    return planned, planned.dice.choice(targets)
            self._changed.clear()
            await self._changed.wait()

    def _free_targets(self, fault: Fault, *, calm: bool) -> list[str]:
        busy = self._resting.union(self.under_way, *self._others.values())
        if (fault.needs | fault.occupies) & busy:
            return []
        targets = [fault.target]
        if fault.target in ("worker", "sweeper", "receiver", "wallet"):
            targets = [program.name for program in self._system.of(fault.target)]
            if fault.kills and calm:
                targets = targets[1:]
        return [target for target in targets if target not in busy]

    async def _do(self, planned: Planned, target: str) -> None:
        try:
            async with planned.fault.hold(self._system, target, planned.dice) as better_name:
                name = better_name or planned.fault.name
                self.begun[name] += 1
                self._others[target] = planned.fault.occupies
                self._changed.set()
                self._note(f"{name}: {target}, for {planned.seconds:.1f} s")
                await asyncio.sleep(planned.seconds)
            self.undone[name] += 1
            self._note(f"{name}: {target} is undone")
        finally:
            del self.under_way[target], self._others[target]
            rest = {target, *planned.fault.occupies} & SERVERS
            self._resting |= rest
            self._changed.set()
        if rest:
            await asyncio.sleep(self._rest_s)
            self._resting -= rest
            self._changed.set()

    def _note(self, what: str) -> None:
        """For whoever reads the processes' logs: their times are UTC, too."""
        with (self._system.logs / "faults.log").open("a") as log:
            log.write(f"{datetime.now(UTC).isoformat()} {what}\n")
