"""Workers as the Procfile starts them: their names, what they say, what they leave in Redis, and
what they may be told."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psutil
import pytest
import redis
from celery import Celery

from tests.databases import deployment_at
from tests.system.processes import System
from tests.system.test_flower import Window
from tests.waiting import until
from unbet.broker import transport

WORKER: Final = (sys.executable, "-m", "celery", "--app", "worker.app", "worker")

AS_NOBODY: Final = (
    ()
    if os.getuid()
    else (
        *("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"),
        *("--inh-caps", "+dac_override", "--ambient-caps", "+dac_override"),
    )
)
"""The limit of processes is not for root; what is root's may be read all the same."""

LOSES_A_CHILD: Final = """
import os, signal
from celery.__main__ import main
from worker.pool import PatientPool

def did_start_ok(pool, real=PatientPool.did_start_ok):
    os.kill(pool._pool[0].pid, signal.SIGKILL)
    pool._pool[0].join()
    return real(pool)

PatientPool.did_start_ok = did_start_ok
main()
"""
"""Celery's program, a child of which dies right before it is looked for."""

ASKS_AND_GOES: Final = (
    "from worker.app import app; app.control.broadcast('ping', reply=True, timeout=0.01)"
)


@pytest.fixture
def window(idle_system: System, tmp_path: Path) -> Iterator[Window]:
    made = Window(idle_system, tmp_path)
    yield made
    made.http.close()


def start_workers(system: System, *names: str) -> None:
    for name in names:
        system.start(name, *WORKER)
    for name in names:
        system.wait(name, lambda: "ready." in system.said(name))  # noqa: B023 - called at once


def test_three_workers_on_one_machine_have_three_names_and_every_line_is_json(
    idle_system: System, window: Window
) -> None:
    idle_system.environment["UNBET_LOG_FORMAT"] = "json"
    idle_system.start_receiver()
    window.start()
    start_workers(idle_system, "worker-1", "worker-2", "worker-3")
    page = window.wait_for("/api/workers?refresh=1", lambda page: page.count("celery-") >= 3)
    assert len(json.loads(page)) == 3
    assert idle_system.cancel(reference="r1")["error"] == 0
    assert window.http.get("/", auth=("unbet", "wrong")).status_code == 401
    with redis.Redis.from_url(idle_system.environment["UNBET_BROKER_URL"]) as client:
        for kind in ("normal", "pubsub"):
            client.client_kill_filter(_type=kind, skipme=True)
        for name in ("worker-1", "worker-2", "worker-3"):
            until(lambda: "lost" in idle_system.said(name), f"{name} did not notice")  # noqa: B023
    os.kill(psutil.Process(idle_system.processes["worker-1"].pid).children()[0].pid, 9)
    until(lambda: "SIGKILL" in idle_system.said("worker-1"), "nobody noticed")
    for name in ("worker-1", "worker-2", "worker-3", "flower", "receiver"):
        idle_system.processes[name].terminate()
    for name in ("worker-1", "worker-2", "worker-3", "flower", "receiver"):
        idle_system.processes[name].wait(30)
        for line in idle_system.said(name).splitlines():
            assert isinstance(json.loads(line), dict), f"{name}: {line}"
    assert "DuplicateNodename" not in idle_system.said("worker-1")


def test_who_is_killed_leaves_no_key_in_redis_that_has_no_end(
    idle_system: System, window: Window
) -> None:
    require_no_traces(idle_system, window, times=1)


def require_no_traces(system: System, window: Window, times: int) -> None:
    """Start and kill workers, Flower and `celery inspect` so often; then what they made must be
    gone, but for a living worker's own."""
    start_workers(system, "worker-living")
    with redis.Redis.from_url(system.environment["UNBET_BROKER_URL"]) as client:
        before = state_of(client)
        for _ in range(times):
            window.start()
            start_workers(system, "worker-killed")
            window.wait_for("/api/workers?refresh=1", lambda page: page.count("celery-") >= 2)
            # As one that is killed before the answer is there.
            system.start("asked", sys.executable, "-c", ASKS_AND_GOES)
            assert system.processes.pop("asked").wait(30) == 0
            system.start("inspect", *WORKER[:-1], "inspect", "--timeout", "60", "ping")
            until(lambda: "pong" in system.said("inspect"), "it did not ask")
            for name in ("inspect", "flower", "worker-killed"):
                os.killpg(system.processes[name].pid, signal.SIGKILL)
                system.processes.pop(name).wait()
            for name in ("inspect", "worker-killed"):
                (system.logs / f"{name}.log").unlink()
        until(lambda: state_of(client) == before, f"{before} became {state_of(client)}")


def client_of(system: System) -> Celery:
    """Somebody who may write to Redis."""
    celery = Celery(broker=system.environment["UNBET_BROKER_URL"], set_as_current=False)
    transport.separate(celery, deployment_at(system.environment["UNBET_DATABASE_URL"]))
    return celery


def state_of(client: "redis.Redis") -> dict[bytes, int]:
    """The keys that have no end, and how much each holds."""
    sizes = {
        b"set": client.scard,
        b"list": client.llen,
        b"zset": client.zcard,
        b"hash": client.hlen,
    }
    lasting = [key for key in client.scan_iter() if client.ttl(key) == -1]
    return {key: sizes.get(client.type(key), client.exists)(key) for key in lasting}


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


@pytest.mark.skipif(
    os.getuid() == 0 and not shutil.which("setpriv"), reason="the limit is not for root"
)
def test_a_worker_that_cannot_fork_goes_on_once_it_can(idle_system: System) -> None:
    idle_system.start_receiver()
    idle_system.start("worker", *AS_NOBODY, *WORKER)
    idle_system.wait("the worker", lambda: "ready." in idle_system.said("worker"))
    worker = psutil.Process(idle_system.processes["worker"].pid)
    limit_processes(worker.pid, "1")
    lost = worker.children()
    for child in lost:
        child.kill()
    until(lambda: "no process can be started" in idle_system.said("worker"), "it can fork")
    until(lambda: len(worker.children()) == 0, "a child lives")
    limit_processes(worker.pid, "most")
    until(lambda: len(worker.children()) == len(lost), "no children")
    assert idle_system.cancel(reference="r1")["error"] == 0
    until(lambda: "r1" in idle_system.said("worker"), "not by the worker")
    assert idle_system.said("worker").count("no process can be started") == 1
    assert "all processes are there again" in idle_system.said("worker")


def test_a_worker_whose_child_is_killed_while_it_starts_replaces_it(idle_system: System) -> None:
    idle_system.start_receiver()
    idle_system.start("worker", sys.executable, "-c", LOSES_A_CHILD, *WORKER[3:])
    until(lambda: "SIGKILL" in idle_system.said("worker"), "no child has died")
    assert idle_system.cancel(reference="r1")["error"] == 0
    until(lambda: "r1" in idle_system.said("worker"), "not by the worker")
    assert idle_system.processes["worker"].poll() is None


def limit_processes(pid: int, soft: str) -> None:
    """Only who runs under the same account may set it."""
    change = (
        "from resource import RLIMIT_NPROC as kind, prlimit\n"
        f"most = prlimit({pid}, kind)[1]\n"
        f"prlimit({pid}, kind, ({soft}, most))"
    )
    subprocess.run([*AS_NOBODY, sys.executable, "-c", change], check=True, timeout=30)
