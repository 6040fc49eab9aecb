"""Ten thousand bodies made to do harm, while the provider's own cancels go on."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain, count
from random import Random
from statistics import median
from typing import Final

import psutil
import pytest
import redis
from sqlalchemy import text

from tests.operating import Operator
from tests.system.caller import Caller
from tests.system.faults.hostile import CUT, Senders, hostile
from tests.system.processes import EXAMPLE, System
from tests.system.watching import are_returned, metric, placed_by_many
from tests.waiting import until

SEED: Final = 1
ROUNDS: Final = 6
"""The first one is a warm-up."""
HOSTILE: Final = 1700
"""In each round; as many harmless ones come before, at the same rate."""
SLOW: Final = 40
PROVIDERS: Final = 8
"""Calls of the provider at a time, with a pause between two."""
PAUSE_S: Final = 0.02
BETS: Final = 200

GROWTH: Final = 5 * 2**20
"""Bytes; the bodies that come after the warm-up have twice as many."""

SLOWER: Final = 2.0
NOISE_S: Final = 0.1
"""The slowest answers come out of a busy machine, and differ by this much from run to run. Harmless
and hostile rounds alternate, so that whatever else goes on slows both, and the middle one of each
kind counts."""


class Provider:
    """Cancels all the time; how long the answers took, by what went on meanwhile."""

    def __init__(self, system: System, references: Iterator[str]) -> None:
        self.caller = Caller(system)
        self._references = references
        self.codes: list[int] = []
        self.seconds: defaultdict[tuple[str, int], list[float]] = defaultdict(list)
        self.meanwhile = ("harmless", 0)
        """What kind of bodies come beside it, and in which round."""
        self.ended = False

    async def go_on(self) -> None:
        while not self.ended:
            await asyncio.sleep(PAUSE_S)
            reference = next(self._references)
            body = EXAMPLE | {"userId": reference, "reference": reference, "uuid": reference}
            started, meanwhile = time.monotonic(), self.meanwhile
            answer = await self.caller.post(body)
            self.seconds[meanwhile].append(time.monotonic() - started)
            self.codes.append(answer.code)

    def p99(self, meanwhile: str) -> float:
        """That of the middle round, without the first."""
        rounds = [sorted(self.seconds[meanwhile, number]) for number in range(1, ROUNDS)]
        return median(seconds[int(len(seconds) * 0.99)] for seconds in rounds)


@pytest.mark.long
@pytest.mark.timeout(240)
def test_ten_thousand_hostile_bodies_under_load_do_no_harm(
    system: System, operator: Operator
) -> None:
    references = placed_by_many(operator, BETS)
    unknown = (f"unknown-{number}" for number in count())
    provider = Provider(system, chain(references, unknown))
    random = Random(SEED)
    senders = Senders(int(system.environment["UNBET_PORT"]), system.path, random)
    receiver = psutil.Process(system.processes["receiver"].pid)

    bodies = hostile(ROUNDS * HOSTILE, random)
    memory = asyncio.run(attack(provider, senders, receiver, bodies))

    answered = len(provider.codes)
    assert set(provider.codes) == {0}, "the provider's own cancels"
    before, meanwhile = provider.p99("harmless"), provider.p99("hostile")
    assert meanwhile < max(SLOWER * before, before + NOISE_S), f"{before:.3f} s before"
    assert senders.statuses.keys() <= {"200 7", "400", "408", "413", CUT}
    assert sum(senders.statuses.values()) == ROUNDS * 2 * HOSTILE + SLOW
    assert memory[-1] < memory[0] + GROWTH, memory
    assert "Traceback" not in system.said("receiver")
    # Each refusal is counted and logged; none of them came further.
    assert metric(system, 'unbet_refused_total{reason="form"}') >= senders.statuses["200 7"]
    with redis.Redis.from_url(system.environment["UNBET_BROKER_URL"]) as broker:
        until(lambda: broker.llen(system.key("cancels")) == 0, "the queue is not empty")
    with operator.engine.connect() as connection:
        for table, rows in [
            ("unbet.requests", answered),
            ("unbet_ledger.bets", answered),
            ("unbet.parked", 0),
        ]:
            found = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar()
            assert found == rows, table
    assert are_returned(operator, references)


async def attack(
    provider: Provider, senders: Senders, receiver: psutil.Process, bodies: list[bytes]
) -> list[int]:
    """The receiver's memory after each round, in bytes."""
    memory = []
    going_on = [asyncio.create_task(provider.go_on()) for _ in range(PROVIDERS)]
    slow: list[asyncio.Task[None]] = []
    for number in range(ROUNDS):
        start = number * HOSTILE
        provider.meanwhile = ("harmless", number)
        await senders.send([b"{}"] * HOSTILE, senders.plain)
        provider.meanwhile = ("hostile", number)
        if not slow:
            slow = [
                asyncio.create_task(senders.send_slowly(body, number / 10))
                for number, body in enumerate(bodies[:SLOW])
            ]
        await senders.send(bodies[start : start + HOSTILE], senders.odd)
        memory.append(receiver.memory_info().rss)
    await asyncio.gather(*slow)
    provider.ended = True
    await asyncio.gather(*going_on)
    provider.caller.close()
    return memory
