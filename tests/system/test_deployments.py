"""Two deployments, each with its own database, on one Redis: they do not meet, and both say that
the other is there."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from ledger import connect_to
from tests.making import MESSAGE_KEY, Operator
from tests.system.processes import System
from tests.system.watching import PLAYER

CANCELS = 60
ANOTHER_KEY = "the message key of the other deployment"


@pytest.fixture
def other_system(
    idle_system: System, new_database: Callable[[], str], tmp_path: Path
) -> Iterator[System]:
    """A system on another database and the same Redis, in which nothing runs yet."""
    logs = tmp_path / "other"
    logs.mkdir()
    own = {"UNBET_DATABASE_URL": new_database(), "UNBET_SPOOL_DIR": str(logs / "spool")}
    system = System(idle_system.environment | own, logs)
    yield system
    system.stop()


@pytest.fixture
def other_operator(other_system: System) -> Iterator[Operator]:
    engine = connect_to(other_system.environment["UNBET_DATABASE_URL"], name="test")
    yield Operator(engine)
    engine.dispose()


@pytest.mark.parametrize("key", [MESSAGE_KEY, ANOTHER_KEY], ids=["the same key", "another key"])
def test_two_deployments_on_one_redis_do_not_meet(
    idle_system: System,
    operator: Operator,
    other_system: System,
    other_operator: Operator,
    key: str,
) -> None:
    other_system.environment["UNBET_MESSAGE_KEY"] = key
    sides = {"here": (idle_system, operator), "there": (other_system, other_operator)}
    for name, (system, own) in sides.items():
        own.deposit("1000.00", **PLAYER)
        for number in range(CANCELS):
            own.bet(f"{name}-{number}", "1.00", **PLAYER)
        system.start_both()
    with ThreadPoolExecutor(8) as pool:
        answers = {
            name: [
                pool.submit(timed_cancel, system, f"{name}-{number}") for number in range(CANCELS)
            ]
            for name, (system, _) in sides.items()
        }
        seconds = []
        for name, futures in answers.items():
            for future in futures:
                code, took_s = future.result()
                assert code == 0, name
                seconds.append(took_s)
    stands = {name: 1000 - own.balance(**PLAYER).cash for name, (_, own) in sides.items()}
    assert stands == {"here": Decimal(0), "there": Decimal(0)}, "answered 0, and the bets stand"
    assert [tombstones(own) for _, own in sides.values()] == [0, 0]
    assert max(seconds) < 5, "some were decided after a resend, or out of parking"


def timed_cancel(system: System, reference: str) -> tuple[int, float]:
    began = time.monotonic()
    answer = system.cancel(reference=reference)
    return answer["error"], time.monotonic() - began


def tombstones(operator: Operator) -> int:
    with operator.engine.connect() as connection:
        query = text("SELECT count(*) FROM bets WHERE amount IS NULL")
        return int(connection.execute(query).scalar_one())
