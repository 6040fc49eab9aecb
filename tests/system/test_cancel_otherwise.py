"""A provider's Cancel on systems that are set up otherwise, or lack a part."""

import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from tests.operating import Operator
from tests.system.processes import EXAMPLE, System
from tests.system.watching import DEADLINE_S, PLAYER, are_returned, placed_by_many, timed
from tests.waiting import until

SUCCESS = {"error": 0, "description": "Success", "reference": EXAMPLE["reference"]}
REFERENCE = EXAMPLE["reference"]


def test_with_hold_an_unknown_bet_is_parked_and_answered_with_retry(
    idle_system: System, operator: Operator
) -> None:
    idle_system.environment["UNBET_UNKNOWN_REFERENCE"] = "hold"
    idle_system.start_both()
    assert idle_system.cancel()["error"] == 100
    operator.deposit("100.00", **PLAYER)
    assert operator.bet(REFERENCE, "10.00", **PLAYER).status == "done"
    assert idle_system.cancel() == SUCCESS
    assert operator.balance(**PLAYER).cash == Decimal(100)


def test_without_a_worker_the_answer_is_retry_before_the_providers_limit_is_over(
    idle_system: System,
) -> None:
    idle_system.environment["UNBET_ANSWER_DEADLINE_S"] = "6"
    idle_system.start_receiver()
    code, seconds = timed(idle_system, REFERENCE)
    assert code == 100
    assert seconds < DEADLINE_S
    idle_system.start_worker()
    # It was on the queue all the while, and the next try finds it done.
    assert idle_system.cancel()["error"] == 0


@pytest.mark.long
def test_three_workers_share_the_queue(idle_system: System, operator: Operator) -> None:
    names = ["one", "two", "three"]
    for name in names:
        idle_system.start_worker(name)
    idle_system.environment |= {
        "UNBET_GROUP_SIZE": "4",
        "UNBET_GROUPS_IN_FLIGHT": "8",
        "UNBET_RESEND_AFTER_S": "9",  # what is sent again is told twice
    }
    idle_system.start_receiver()
    references = placed_by_many(operator, 300)

    def send(reference: str) -> int:
        return int(idle_system.cancel(reference=reference, userId=reference)["error"])

    with ThreadPoolExecutor(30) as pool:
        assert set(pool.map(send, references)) == {0}

    def counted() -> list[int]:
        return [idle_system.said(name).count('"outcome":"reversed"') for name in names]

    # A worker replies first and then says so in its log.
    idle_system.wait("the last line", lambda: sum(counted()) == 300)
    shares = counted()
    assert all(shares), shares
    assert are_returned(operator, references)


def test_readiness_and_the_document_are_for_operators_addresses_only(idle_system: System) -> None:
    idle_system.start_receiver()
    idle_system.processes["receiver"].terminate()
    idle_system.processes["receiver"].wait(timeout=15)
    idle_system.environment["UNBET_OPS_ALLOWED_IPS"] = "192.0.2.0/24"
    idle_system.start("receiver", sys.executable, "-m", "api")
    idle_system.wait("health", idle_system.alive)
    for path in ("/readyz", "/openapi.json"):
        assert idle_system.http.get(path).status_code == 404


def test_a_log_that_cannot_be_written_stops_no_cancel(
    idle_system: System, operator: Operator
) -> None:
    python = sys.executable
    worker = f"exec {python} -m celery --app worker.app worker 2>/dev/full"
    idle_system.start("worker", "sh", "-c", worker)
    idle_system.start("receiver", "sh", "-c", f"exec {python} -m api 2>/dev/full")
    idle_system.wait("the receiver", idle_system.ready)
    until(lambda: idle_system.cancel(reference="r0")["error"] == 0, "the worker is not ready")
    operator.deposit("10.00", **PLAYER)
    operator.bet("r1", "4.00", **PLAYER)
    assert idle_system.cancel(reference="r1")["error"] == 0
    assert idle_system.cancel(reference=" ")["error"] == 7
    assert operator.balance(**PLAYER).cash == Decimal(10)
