"""A receiver that dies at each step of its path, and what has become of the cancel afterwards."""

from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from tests.freezing import frozen
from tests.operating import Operator
from tests.servers import services
from tests.system.faults.own_servers import own_services as own_services
from tests.system.faults.own_servers import service_url as service_url
from tests.system.processes import System
from tests.system.watching import PLAYER, wait_until_cancelled
from tests.tiers import long

KILLED = 137


def crash_at(system: System, point: str, tmp_path: Path) -> None:
    system.environment |= {
        "UNBET_TEST": "1",
        "UNBET_TEST_CRASH_AT": f"{point}:r1",
        "UNBET_TEST_CRASH_ONCE": str(tmp_path / "crashed"),
    }


def reversals(operator: Operator) -> int:
    query = text("SELECT count(*) FROM unbet_ledger.transfers WHERE kind = 'reversal'")
    with operator.engine.connect() as connection:
        return int(connection.execute(query).scalar_one())


@pytest.mark.parametrize(
    "point",
    [
        "receiver_published",
        long("receiver_publish"),
        long("receiver_answer"),
    ],
)
def test_a_receiver_that_dies_on_the_way_has_answered_nothing_and_the_next_try_is_answered(
    idle_system: System,
    operator: Operator,
    tmp_path: Path,
    point: str,
) -> None:
    operator.bet("r1", "10.00", **PLAYER)
    idle_system.start_worker()
    crash_at(idle_system, point, tmp_path)
    idle_system.start_receiver()
    with pytest.raises(httpx.TransportError):
        idle_system.cancel(reference="r1")
    assert idle_system.processes["receiver"].wait(timeout=10) == KILLED
    idle_system.start_receiver()
    assert idle_system.cancel(reference="r1")["error"] == 0
    assert reversals(operator) == 1
    assert operator.balance(**PLAYER).cash == 1000


def test_a_receiver_that_dies_between_spool_and_answer_finishes_the_cancel_when_it_is_back(
    idle_system: System,
    operator: Operator,
    own_services: Path,
    tmp_path: Path,
) -> None:
    operator.bet("r1", "10.00", **PLAYER)
    crash_at(idle_system, "spooled", tmp_path)
    idle_system.start_receiver()
    pid = services.status(own_services).postgres_pid
    with frozen(pid), pytest.raises(httpx.TransportError):
        idle_system.cancel(reference="r1")
    assert idle_system.processes["receiver"].wait(timeout=10) == KILLED
    idle_system.start_receiver()
    idle_system.start_sweep()
    wait_until_cancelled(operator, "r1")
    assert reversals(operator) == 1


@pytest.mark.long
def test_a_receiver_that_dies_between_parking_and_emptying_its_spool_parks_it_once_more(
    idle_system: System,
    operator: Operator,
    own_services: Path,
    tmp_path: Path,
) -> None:
    operator.bet("r1", "10.00", **PLAYER)
    crash_at(idle_system, "spool_parked", tmp_path)
    idle_system.start_receiver()
    with frozen(services.status(own_services).postgres_pid):
        assert idle_system.cancel(reference="r1")["error"] == 100
    assert idle_system.processes["receiver"].wait(timeout=30) == KILLED
    idle_system.start_sweep()
    wait_until_cancelled(operator, "r1")
    # Parked again after it was finished: it is found finished.
    idle_system.start_receiver()
    assert idle_system.cancel(reference="r1")["error"] == 0
    assert reversals(operator) == 1
    assert operator.balance(**PLAYER).cash == 1000
