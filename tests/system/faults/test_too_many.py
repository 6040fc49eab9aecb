"""More cancels than can be held, and senders that do not wait: what is left of them."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import psutil
import pytest
import redis

from tests.operating import Operator
from tests.system.caller import Caller
from tests.system.faults.own_servers import own_services as own_services
from tests.system.faults.own_servers import service_url as service_url
from tests.system.processes import EXAMPLE, System
from tests.system.watching import (
    metric,
    placed,
    timed,
    wait_until_cancelled,
)
from tests.waiting import until

POOLED_CONNECTIONS = 11
"""A receiver's: its port, 7 to PostgreSQL, 2 for publishing, 1 for replies."""
POOLED_THREADS = 19
"""A receiver's: its own, 2 that publish, 4 for the ledger, 1 for the disk, 1 that watches calls,
asyncio's 6 and uvloop's own 4."""
POOLED_KEYS = 3
"""In Redis: the queue, which deployments are there, and a reply list."""


@pytest.mark.long
def test_beyond_max_waiting_cancels_are_parked_and_answered_at_once(
    idle_system: System, operator: Operator
) -> None:
    idle_system.environment["UNBET_MAX_WAITING"] = "1"
    idle_system.environment["UNBET_ANSWER_DEADLINE_S"] = "4"
    idle_system.start_receiver()
    references = placed(operator, 10)
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(partial(timed, idle_system), references))
    assert {code for code, _ in answers} == {100}
    assert sorted(seconds for _, seconds in answers)[8] < 3.0
    # A ledger that takes its time finds little time for this.
    spooled = metric(idle_system, "unbet_spooled_total")
    idle_system.start_sweep()
    wait_until_cancelled(operator, *references)
    told = (idle_system.unbet("explain", reference).stdout for reference in references)
    reasons = ["UNBET_MAX_WAITING" in story for story in told]
    assert 9 - spooled <= reasons.count(True) <= 9


@pytest.mark.long
def test_thousands_of_timed_out_requests_leave_nothing_behind(
    idle_system: System,
) -> None:
    idle_system.environment |= {"UNBET_ANSWER_DEADLINE_S": "6", "UNBET_RESEND_AFTER_S": "1"}
    idle_system.start_receiver()
    # What is opened once and kept is opened by these, but for what only a greater rush needs.
    flood(idle_system, range(1000))
    receiver = psutil.Process(idle_system.processes["receiver"].pid)
    before = footprint(idle_system, receiver)
    flood(idle_system, range(1000, 6000))
    after = footprint(idle_system, receiver)
    assert after["connections"] <= POOLED_CONNECTIONS
    assert after["threads"] <= POOLED_THREADS
    assert after["keys"] <= POOLED_KEYS
    assert after["memory"] < before["memory"] + 30 * 2**20
    until(lambda: metric(idle_system, "unbet_waiting") == 0, "somebody waits")
    # Each of them is stored, though nobody is there to finish it.
    assert (
        metric(idle_system, "unbet_parked_total") + metric(idle_system, "unbet_spooled_total")
        >= 6000
    )


def flood(system: System, numbers: range) -> None:
    async def play() -> set[int]:
        caller = Caller(system)
        waiting = iter(numbers)

        async def one_after_another() -> set[int]:
            codes = set()
            for number in waiting:
                answer = await caller.post(EXAMPLE | {"reference": f"timed-out-{number}"})
                codes.add(answer.code)
            return codes

        try:
            seen = await asyncio.gather(*(one_after_another() for _ in range(1000)))
        finally:
            caller.close()
        return set().union(*seen)

    assert asyncio.run(play()) == {100}


def footprint(system: System, receiver: psutil.Process) -> dict[str, int]:
    """What the receiver holds once the last client has gone."""
    port = int(system.environment["UNBET_PORT"])
    deadline = time.monotonic() + 10
    while True:
        open_now = receiver.net_connections()
        if not [c for c in open_now if c.laddr.port == port and c.status != "LISTEN"]:
            break
        assert time.monotonic() < deadline, open_now
        system.http.close()
        system.http = httpx.Client(base_url=system.http.base_url, timeout=10, trust_env=False)
        time.sleep(0.1)
    with redis.Redis.from_url(system.environment["UNBET_BROKER_URL"]) as client:
        keys = sum(int(space["keys"]) for space in client.info("keyspace").values())
    return {
        "connections": len(open_now),
        "threads": receiver.num_threads(),
        "keys": keys,
        "memory": receiver.memory_info().rss,
    }
