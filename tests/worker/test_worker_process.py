"""A worker as the Procfile starts it: what it may be told, and a child that dies early."""

import sys
from typing import Final

import pytest
from celery import Celery

from tests.databases import deployment_at
from tests.system.processes import System
from tests.system.workers import WORKER
from tests.waiting import until
from unbet.broker import transport

LOSES_A_CHILD: Final = """
import os, signal
from celery.__main__ import main
from worker.pool import RefillingPool

def did_start_ok(pool, real=RefillingPool.did_start_ok):
    os.kill(pool._pool[0].pid, signal.SIGKILL)
    pool._pool[0].join()
    return real(pool)

RefillingPool.did_start_ok = did_start_ok
main()
"""
"""Celery's program, a child of which dies right before it is looked for."""


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
def test_a_worker_whose_child_is_killed_while_it_starts_replaces_it(idle_system: System) -> None:
    idle_system.start_receiver()
    idle_system.start("worker", sys.executable, "-c", LOSES_A_CHILD, *WORKER[3:])
    until(lambda: "SIGKILL" in idle_system.said("worker"), "no child has died")
    assert idle_system.cancel(reference="r1")["error"] == 0
    until(lambda: "r1" in idle_system.said("worker"), "not by the worker")
    assert idle_system.processes["worker"].poll() is None
