"""A server's name that no resolver knows."""

import sys
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.operating import Operator
from tests.system.faults.own_servers import own_services as own_services
from tests.system.faults.own_servers import service_url as service_url
from tests.system.processes import System
from tests.system.watching import DEADLINE_S, PLAYER, spooled, timed, wait_until_cancelled
from tests.waiting import until

NOWHERE = "nowhere.invalid"
"""RFC 6761: no such name will ever be resolved."""


def lead_nowhere(system: System, *variables: str) -> None:
    """Processes that are started from now on have the servers' addresses under that name."""
    for name in variables:
        parts = urlsplit(system.environment[name])
        assert parts.hostname
        place = parts.netloc.replace(f"{parts.hostname}:", f"{NOWHERE}:")
        system.environment[name] = urlunsplit(parts._replace(netloc=place))


def start_both_unready(system: System) -> None:
    system.start("receiver", sys.executable, "-m", "api")
    system.start("worker", sys.executable, "-m", "celery", "--app", "worker.app", "worker")
    until(system.alive, "the receiver does not listen")


def require_running(system: System) -> None:
    ended = {name for name, process in system.processes.items() if process.poll() is not None}
    assert not ended, f"{ended} ended"


@pytest.mark.long
def test_with_postgres_under_a_name_that_is_not_resolved_cancels_are_spooled_and_decided_later(
    idle_system: System, operator: Operator
) -> None:
    operator.bet("r0", "1.00", **PLAYER)
    right = dict(idle_system.environment)
    lead_nowhere(idle_system, "UNBET_DATABASE_URL")
    start_both_unready(idle_system)
    code, seconds = timed(idle_system, "r0")
    assert (code, seconds < DEADLINE_S) == (100, True)
    assert spooled(idle_system) == 1
    assert not idle_system.ready()
    require_running(idle_system)
    for process in idle_system.processes.values():
        process.terminate()
        process.wait(30)
    idle_system.environment.update(right)
    idle_system.start_both()
    idle_system.start_sweep()
    wait_until_cancelled(operator, "r0")
    assert operator.balance(**PLAYER).cash == 1000


@pytest.mark.long
def test_with_redis_under_a_name_that_is_not_resolved_the_sweep_decides(
    idle_system: System, operator: Operator
) -> None:
    operator.bet("r0", "1.00", **PLAYER)
    lead_nowhere(idle_system, "UNBET_BROKER_URL", "UNBET_REDIS_URL")
    start_both_unready(idle_system)
    idle_system.start_sweep()
    code, seconds = timed(idle_system, "r0")
    assert (code, seconds < DEADLINE_S) == (0, True)
    assert operator.balance(**PLAYER).cash == 1000
    require_running(idle_system)
