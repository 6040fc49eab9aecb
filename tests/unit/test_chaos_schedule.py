"""When the chaos run's faults come: with faults of the test's own, which harm nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from testbed.chaos.faults import FAULTS, Fault, faults_of
from testbed.chaos.holding import held
from testbed.chaos.schedule import MAX_AT_ONCE, Planned, Schedule, plan

REST_S = 0.5
LASTS_S = 0.2
SLACK_S = 0.05
"""Of two clocks that are read at slightly different times."""


async def test_a_server_rests_after_a_fault_while_others_suffer_theirs(tmp_path: Path) -> None:
    clock = asyncio.get_running_loop().time
    times: list[tuple[str, float, float]] = []

    @asynccontextmanager
    async def hold(_system: Any, target: str, _dice: Random) -> AsyncIterator[None]:
        began = clock()
        yield
        times.append((target, began, clock()))

    def planned(name: str, target: str, **more: Any) -> Planned:
        fault = Fault(name, target, (LASTS_S, LASTS_S), 1, hold, **more)
        return Planned(fault, LASTS_S, 0.0, Random(1))

    both = planned("both", "spool", occupies=frozenset({"postgres"}))
    faults = [both, planned("of the ledger", "postgres"), planned("of bets", "bets")]
    system: Any = SimpleNamespace(clock_library=None, logs=tmp_path)

    await Schedule(system, iter(faults), rest_s=REST_S).carry_out(4.0)

    spool, bets, ledger = sorted(times, key=lambda one: one[1])
    assert [one[0] for one in (spool, bets, ledger)] == ["spool", "bets", "postgres"]
    assert bets[1] < spool[2]
    assert ledger[1] >= spool[2] + REST_S - SLACK_S


def test_a_seed_gives_the_same_faults_each_kind_before_any_comes_twice() -> None:
    once, again = (list(islice(plan(5), 40)) for _ in range(2))
    assert once == again
    assert {planned.fault.name for planned in once[: len(FAULTS)]} == {f.name for f in FAULTS}
    assert list(islice(plan(6), 40)) != once


def test_half_an_hour_has_six_hundred_faults_two_at_a_time() -> None:
    planned = list(islice(plan(5), 700))
    assert sum(p.gap_s for p in planned) < 1800
    # Each of them also takes a second or so to be done and undone.
    assert sum(p.seconds + 1 for p in planned) / MAX_AT_ONCE < 1800


async def test_a_fault_that_cannot_be_done_is_undone_all_the_same() -> None:
    did: list[str] = []

    def fail(*_: object) -> None:
        did.append("half of it")
        raise InterruptedError

    system: Any = None
    with pytest.raises(InterruptedError):
        async with held(fail, lambda *_: did.append("undone"))(system, "it", Random(1)):
            pass
    assert did == ["half of it", "undone"]


def test_only_a_wallet_service_has_faults_of_its_own_and_those_of_rows_need_its_database() -> None:
    http = faults_of("http")
    assert faults_of("ledger") == faults_of("sql") == FAULTS
    assert len({fault.name for fault in http}) == len(http) > len(FAULTS)
    assert {fault.name for fault in http if fault.needs == {"casino"}} == {
        "bets held",
        "account held",
    }
