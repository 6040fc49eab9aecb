"""Runs one chaos run from its beginning to its result."""

import asyncio
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Final
from uuid import uuid4

import psycopg
from redis import RedisError

from testbed import provider
from testbed.chaos import schedule
from testbed.chaos.check_result import CheckResult, Kind
from testbed.chaos.checker import Judged, check
from testbed.chaos.circumstances import Circumstances
from testbed.chaos.clients import Operators, UnrulyEndpoint
from testbed.chaos.draining import drained
from testbed.chaos.faults import FAULTS, faults_of
from testbed.chaos.memory import Life, Memory
from testbed.chaos.program import Ending
from testbed.chaos.relay_link import FILES
from testbed.chaos.schedule import Schedule
from testbed.chaos.system import PROVIDER_ID, ChaosError, System
from testbed.chaos.tally import Lag, Tally
from testbed.provider import Case, Log, Provider, Response
from unbet.database.engine import SCAN_SETTINGS, connect_to
from unbet.local.services import ServicesError
from unbet.runtime.sockets import allow_files

DRAIN_LIMIT_S: Final = 90.0
"""Or as long as the faults have lasted: it is their backlog."""

SHARDS: Final = 6

AT_ONCE: Final = 2_000
"""Rounds at a time: those of about ten seconds in which nothing is answered."""

MAX_CALLS: Final = 2.5
"""A second, retransmissions included, times the rate of cancels: what has waited for an operator
whose database was away would else be sent in one moment, by a single process that would measure
its own queue."""

SHOWN_LINES: Final = 4
"""Of a log, for a person; the rest is in the JSON."""

THREADS: Final = 32
"""For what blocks: the operators' transactions above all."""

SWITCH_S: Final = 0.0005
"""After so long a thread gives way: the operators' are many, and the provider must not wait for a
turn of each of them."""

_FAULT_FAILED: Final = (ChaosError, ServicesError, psycopg.Error, RedisError, OSError)


@dataclass
class Run:
    """What is asked for, how far it has come, and what came of it."""

    system: System
    seconds: float
    seed: int
    rate: float
    """Cancels a second."""
    phase: str = "starting"
    tally: Tally = field(default_factory=Tally)
    endings: list[Ending] = field(default_factory=list)
    memory: list[Life] = field(default_factory=list)
    """Of each kind of process the one that lived longest."""
    lag: Lag = field(default_factory=Lag)
    drained_in_s: float = 0.0
    result: CheckResult = field(default_factory=CheckResult)
    finished: bool = False

    def __post_init__(self) -> None:
        self.schedule = Schedule(
            self.system, schedule.plan(self.seed, faults_of(self.system.wallet.name))
        )

    @property
    def not_available(self) -> dict[str, str]:
        """Kinds of faults that this machine has not what it takes for, and what that is."""
        lacks = self.system.clock_library is None
        return {fault.name: "needs libfaketime" for fault in FAULTS if fault.jumps and lacks}

    @property
    def not_undone(self) -> Counter[str]:
        """Faults whose undoing did not come to its end."""
        return self.schedule.begun - self.schedule.undone


async def carry_out(run: Run) -> None:
    """The whole run on a system that has been started; cancelled, it undoes its faults."""
    system = run.system
    allow_files(FILES)
    sys.setswitchinterval(SWITCH_S)
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))
    log_file = system.directory / "provider.jsonl"
    memory = Memory()
    watched = system.keep_running(), memory.watch(system.programs), run.lag.watch()
    keepers = [asyncio.create_task(work) for work in watched]
    try:
        with log_file.open("w", encoding="utf-8") as lines:
            log = Log(lambda sent: lines.write(provider.as_line(sent)), run.tally.add, kept=False)
            await _play(run, log)
        run.phase = "draining"
        started = time.monotonic()
        left = await drained(system, max(DRAIN_LIMIT_S, run.seconds))
        run.drained_in_s = time.monotonic() - started
        run.phase = "checking"
        run.endings = [ending for program in system.programs for ending in program.endings]
        run.memory = memory.longest()
        run.result = await asyncio.to_thread(_check, log_file, run)
        for what in left:
            run.result.add(Kind.UNDRAINED, what)
        for ending in run.endings:
            run.result.add(Kind.ENDED, _described(ending))
        for life in memory.growing():
            first, last = life.quarters()
            run.result.add(Kind.GROWTH, f"{life.program}: from {first:.0f} to {last:.0f} MB")
        run.finished = True
    finally:
        for keeper in keepers:
            keeper.cancel()


async def _play(run: Run, log: Log) -> None:
    """The provider plays while faults happen; at the end it finishes what it has begun."""
    system = run.system
    url = system.wallet.service_url(system)
    engines = [connect_to(url, name="operator", pool_size=1) for _ in range(SHARDS)]
    operator = Operators(map(system.wallet.operator, engines))

    dialect = system.dialect
    not_final = {None, *dialect.allowed[Case.TEMPORARY]}

    def heard(response: Response | None) -> None:
        code = None if response is None else provider.read_answer(response, {}, dialect).code
        system.recoveries.add(final=code not in not_final)

    endpoint = UnrulyEndpoint(system.url, run.seed, heard, dialect, system.key)
    pace = provider.Pace(MAX_CALLS * run.rate)
    player = Provider(endpoint, operator, log, turn=pace.turn)
    await provider.fund(operator, system.players, tag=f"chaos-{uuid4().hex}")
    run.phase = "playing"
    until = time.monotonic() + run.seconds
    rounds = takewhile(
        lambda _: time.monotonic() < until,
        provider.plan(
            run.seed,
            system.players,
            provider_id=PROVIDER_ID,
            scenarios=provider.scenarios_of(dialect),
            any_case=dialect.any_case,
        ),
    )
    try:
        async with asyncio.TaskGroup() as both:
            both.create_task(run.schedule.carry_out(run.seconds))
            both.create_task(provider.play(rounds, player, at_once=AT_ONCE, rate=run.rate))
    except* _FAULT_FAILED as group:
        raise ChaosError(f"A fault could not be done or undone: {_first(group)!r}") from group
    finally:
        player.endpoint.close()
        for engine in engines:
            engine.dispose()


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


def _described(ending: Ending) -> str:
    said = "".join(f"\n    {line[:240]}" for line in ending.said[-SHOWN_LINES:])
    return f"{ending.program} at {ending.at:%H:%M:%S} with {ending.how}; its log ends with:{said}"


def _check(log_file: Path, run: Run) -> CheckResult:
    system, receivers = run.system, run.system.of("receiver")
    outages = [outage for receiver in receivers for outage in receiver.outages]
    around = Circumstances(outages, len(receivers), system.without_room, run.lag.within)
    wallet = system.wallet
    journal, money = (
        connect_to(url, name="checker", pool_size=1, limits=SCAN_SETTINGS)
        for url in (system.postgres.url, wallet.url(system))
    )
    judged = Judged(journal, money, wallet.rows, has_audit=wallet.has_audit, dialect=system.dialect)
    try:
        return check(log_file, judged, around, system.directory / "parts")
    finally:
        journal.dispose()
        money.dispose()
