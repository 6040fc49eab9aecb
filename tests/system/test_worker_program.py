"""Workers as the Procfile starts them: their names, what they say, what they leave in Redis, and
what they may be told."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psutil
import pytest
import redis

from tests.system.processes import System
from tests.system.test_flower import Window
from tests.system.workers import WORKER, require_no_traces, start_workers
from tests.waiting import until

AS_NOBODY: Final = (
    ()
    if os.getuid()
    else (
        *("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"),
        *("--inh-caps", "+dac_override", "--ambient-caps", "+dac_override"),
    )
)
"""The limit of processes is not for root; what is root's may be read all the same."""


@pytest.fixture
def window(idle_system: System, tmp_path: Path) -> Iterator[Window]:
    made = Window(idle_system, tmp_path)
    yield made
    made.http.close()


@pytest.mark.long
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


@pytest.mark.long
def test_who_is_killed_leaves_no_key_in_redis_that_has_no_end(
    idle_system: System, window: Window
) -> None:
    require_no_traces(idle_system, window, times=1)


@pytest.mark.long
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
    assert "all processes run again" in idle_system.said("worker")


def limit_processes(pid: int, soft: str) -> None:
    """Only who runs under the same account may set it."""
    change = (
        "from resource import RLIMIT_NPROC as kind, prlimit\n"
        f"most = prlimit({pid}, kind)[1]\n"
        f"prlimit({pid}, kind, ({soft}, most))"
    )
    subprocess.run([*AS_NOBODY, sys.executable, "-c", change], check=True, timeout=30)
