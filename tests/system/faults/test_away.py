"""Redis or PostgreSQL refused, hung, full or emptied: what the provider sees."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from pathlib import Path

import psutil
import pytest
import redis

from tests.freezing import frozen
from tests.operating import Operator
from tests.servers import services
from tests.system.faults.own_servers import own_services as own_services
from tests.system.faults.own_servers import service_url as service_url
from tests.system.processes import EXAMPLE, System
from tests.system.watching import (
    DEADLINE_S,
    PLAYER,
    metric,
    placed,
    timed,
    wait_until_cancelled,
)

ASK_SHARE = 0.55
"""Of the deadline, after which a receiver asks the ledger for what has expired."""


def require_final(system: System, answers: Sequence[tuple[int, float]]) -> None:
    """Each was answered 0, but for what met a ledger that took too long just then: a second chance
    is due to that."""
    codes = [code for code, _ in answers]
    assert set(codes) <= {0, 100}
    assert codes.count(100) <= metric(system, "unbet_spooled_total")


def test_with_redis_gone_for_good_cancels_still_get_final_answers(
    system: System, operator: Operator, own_services: Path
) -> None:
    system.start_sweep()
    references = placed(operator, 40)
    psutil.Process(services.status(own_services).redis_pid).kill()
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(partial(timed, system), references))
    require_final(system, answers)
    # What could not be published is parked at once, not when its wait has expired.
    assert max(seconds for _, seconds in answers) < DEADLINE_S * ASK_SHARE
    assert operator.balance(**PLAYER).cash == Decimal(1000)


def test_with_redis_hung_cancels_still_get_final_answers(
    system: System, operator: Operator, own_services: Path
) -> None:
    system.start_sweep()
    references = placed(operator, 20)
    with frozen(services.status(own_services).redis_pid), ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(partial(timed, system), references))
    require_final(system, answers)
    assert max(seconds for _, seconds in answers) < DEADLINE_S
    # And afterwards the queue is used again.
    operator.bet("afterwards", "1.00", **PLAYER)
    assert system.cancel(reference="afterwards")["error"] == 0
    assert operator.balance(**PLAYER).cash == Decimal(1000)


def test_with_postgres_hung_cancels_are_spooled_answered_in_time_and_applied_later(
    system: System, operator: Operator, own_services: Path
) -> None:
    system.start_sweep()
    references = placed(operator, 30)
    with frozen(services.status(own_services).postgres_pid), ThreadPoolExecutor(30) as pool:
        answers = list(pool.map(partial(timed, system), references))
    assert {code for code, _ in answers} == {100}
    assert max(seconds for _, seconds in answers) < DEADLINE_S
    wait_until_cancelled(operator, *references)
    assert operator.balance(**PLAYER).cash == Decimal(1000)


def test_what_is_unpersisted_is_not_answered(
    system: System, operator: Operator, own_services: Path
) -> None:
    operator.bet("r1", "1.00", **PLAYER)
    limits = psutil.Process(system.processes["receiver"].pid)
    # A disk that takes nothing more.
    limits.rlimit(psutil.RLIMIT_FSIZE, (0, 0))
    with frozen(services.status(own_services).postgres_pid):
        response = system.http.post(system.path, json=EXAMPLE | {"reference": "r1"})
    assert (response.status_code, response.content) == (503, b"")


def test_a_full_broker_is_as_good_as_none(system: System, operator: Operator) -> None:
    system.start_sweep()
    operator.bet("r1", "1.00", **PLAYER)
    with redis.Redis.from_url(system.environment["UNBET_BROKER_URL"]) as client:
        client.config_set("maxmemory", "1mb")
        code, seconds = timed(system, "r1")
        client.config_set("maxmemory", "1gb")
    assert code == 0
    # Parked at once, not when the ledger is asked for want of a reply.
    assert seconds < DEADLINE_S / 2
    assert operator.balance(**PLAYER).cash == Decimal(1000)


@pytest.mark.long
def test_an_outcome_whose_reply_was_lost_is_read_from_the_ledger(
    idle_system: System, operator: Operator
) -> None:
    idle_system.start_worker()
    # The worker replies where nobody listens.
    server = idle_system.environment["UNBET_REDIS_URL"].rsplit("/", 1)[0]
    idle_system.environment["UNBET_REDIS_URL"] = f"{server}/9"
    idle_system.start_receiver()
    operator.bet("r1", "1.00", **PLAYER)
    assert idle_system.cancel(reference="r1")["error"] == 0
    assert metric(idle_system, "unbet_parked_total") == 0
