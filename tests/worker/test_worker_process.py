"""A worker as the Procfile starts it: what it may be told, and a child that dies early."""

import sys
from typing import Final

import psutil
import pytest
from celery import Celery

from tests.databases import deployment_at
from tests.system.processes import System
from tests.system.workers import WORKER
from tests.waiting import until
from unbet.broker import transport

_LOSES_A_CHILD: Final = """
import os, signal
from celery.__main__ import main
from celery.worker.consumer.consumer import Consumer
from redis import ConnectionError
from worker.pool import RefillingPool

def kill_one(pool):
    os.kill(pool._pool[0].pid, signal.SIGKILL)
    pool._pool[0].join()
"""
BEFORE_IT_IS_LOOKED_FOR: Final = """
def did_start_ok(pool, real=RefillingPool.did_start_ok):
    kill_one(pool)
    return real(pool)

RefillingPool.did_start_ok = did_start_ok
main()
"""
BEFORE_REDIS_IS_THERE: Final = """
def connect(consumer, real=Consumer.connect):
    Consumer.connect = real
    kill_one(consumer.pool._pool)
    raise ConnectionError("NOREPLICAS")

Consumer.connect = connect
main()
"""


def client_of(system: System) -> Celery:
    """Somebody who may write to Redis."""
    celery = Celery(broker=system.environment["UNBET_BROKER_URL"], set_as_current=False)
    transport.separate(celery, deployment_at(system.environment["UNBET_DATABASE_URL"]))
    return celery


def test_nobody_tells_a_worker_to_end_or_to_take_no_messages(system: System) -> None:
    commands: dict[str, dict[str, object]] = {
        "shutdown": {},
        "cancel_consumer": {"queue": "cancels"},
        "pool_shrink": {"n": 2},
        "rate_limit": {"task_name": "unbet.cancel", "rate_limit": "1/h"},
        "election": {"id": "1", "topic": "task", "action": {"task": "celery.map"}},
    }
    somebody = client_of(system).control
    for command, arguments in commands.items():
        somebody.broadcast(command, arguments)
    until(lambda: system.said("worker").count("pidbox command error: KeyError") == 5, "not refused")
    for number in range(3):
        assert system.cancel(reference=f"r{number}")["error"] == 0
        until(lambda: f"r{number}" in system.said("worker"), "not by a worker")  # noqa: B023
    assert system.processes["worker"].poll() is None


@pytest.mark.long
@pytest.mark.parametrize(
    "moment", [BEFORE_IT_IS_LOOKED_FOR, BEFORE_REDIS_IS_THERE], ids=["looked for", "no Redis yet"]
)
def test_a_worker_whose_child_is_killed_while_it_starts_replaces_it(
    idle_system: System, moment: str
) -> None:
    idle_system.start_receiver()
    idle_system.start("worker", sys.executable, "-c", _LOSES_A_CHILD + moment, *WORKER[3:])
    until(lambda: "SIGKILL" in idle_system.said("worker"), "no child has died")
    for reference in ("r1", "r2"):
        assert idle_system.cancel(reference=reference)["error"] == 0
        until(lambda: reference in idle_system.said("worker"), "not by the worker")  # noqa: B023
        for child in psutil.Process(idle_system.processes["worker"].pid).children():
            child.kill()  # those that came after it are replaced like any other
    assert idle_system.processes["worker"].poll() is None
