"""`unbet run` as a supervisor: it stops only what it started, starts again what has ended, and
leaves nothing behind, however it ends."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import closing

import httpx
import psutil
import pytest

from tests.servers import is_alive, services
from tests.system.running import Running, left_of, unbet
from tests.waiting import until

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def run() -> Iterator[Running]:
    """One with three workers, for the tests that leave it running."""
    with closing(Running("--workers", "3")) as running:
        yield running.ready()


def test_a_second_run_on_the_same_directory_is_refused_and_touches_nothing(run: Running) -> None:
    before = services.running(run.directory)

    second = unbet("run", "--dir", run.directory)

    assert second.returncode == 1
    assert f"`unbet run` (pid {run.process.pid}, since 20" in second.stderr, second.stderr
    assert "Starting" not in second.stdout
    assert services.running(run.directory) == before
    assert httpx.get(run.readyz(), trust_env=False).status_code == 200


def test_its_servers_are_not_stopped_under_it(run: Running) -> None:
    stop = unbet("services", "stop", "--dir", run.directory)
    start = unbet("services", "start", "--dir", run.directory)

    assert stop.returncode == 1
    assert f"`unbet run` (pid {run.process.pid}" in stop.stderr
    assert start.returncode == 0
    assert f"until `unbet run` (pid {run.process.pid}" in start.stderr
    assert services.status(run.directory).ready


def test_three_workers_have_a_name_and_a_log_each(run: Running) -> None:
    logs = {file.name for file in (run.directory / "logs").glob("worker*.log")}

    assert logs == {"worker.1.log", "worker.2.log", "worker.3.log"}
    for name in logs:
        log = run.directory / "logs" / name
        until(lambda: "ready" in log.read_text(), f"{name} is not ready")  # noqa: B023 - called at once


def test_a_killed_worker_is_started_again_with_its_signal_named(run: Running) -> None:
    pid = run.pid_of("worker.app")
    children = psutil.Process(pid).children(recursive=True)

    os.kill(pid, signal.SIGKILL)

    said = rf"worker\.\d \(pid {pid}\) was killed by SIGKILL; started again as pid (\d+)"
    until(lambda: re.search(said, run.said), run.said)
    new = re.search(said, run.said)
    assert new
    assert is_alive(int(new[1]))
    assert run.process.poll() is None
    until(lambda: left_of({*children}) == [], "its children live on")


def test_killed_servers_are_started_again(run: Running) -> None:
    before = services.running(run.directory)
    run.family()
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)

    for title, pid in before.items():
        run.wait_for(f"{title} (pid {pid}) has ended; started again as pid ")
    assert services.status(run.directory).ready
    until(lambda: httpx.get(run.readyz(), trust_env=False).status_code == 200, run.said)


def test_the_reaper_is_started_again(run: Running) -> None:
    os.kill(run.pid_of("unbet.local.reaper"), signal.SIGKILL)
    run.wait_for("the reaper has ended; started again as pid ")


def test_what_a_killed_run_has_started_ends() -> None:
    with closing(Running()) as run:
        run.ready()
        family = run.family()
        assert len(family) > 8

        run.process.kill()
        run.process.wait()

        until(lambda: not left_of(family), "some live on", seconds=60)
        assert services.running(run.directory) == {}
        log = (run.directory / "logs" / "reaper.log").read_text()
        assert f"(pid {run.process.pid}, since 20" in log


def test_a_closed_terminal_ends_it_with_all_that_it_has_started(
    environment: dict[str, str],
) -> None:
    with closing(Running(environment=environment)) as run:
        run.ready()
        family = run.family()

        run.hang_up()
        run.process.send_signal(signal.SIGHUP)

        run.process.wait(60)
        assert left_of(family) == []


def test_a_second_ctrl_c_ends_it_at_once(environment: dict[str, str]) -> None:
    with closing(Running(environment=environment)) as run:
        run.ready()
        family = run.family()
        os.kill(run.pid_of("api"), signal.SIGSTOP)  # one that would take its time

        run.process.send_signal(signal.SIGINT)
        run.wait_for("Stopping ...")
        run.process.send_signal(signal.SIGINT)

        run.process.wait(10)  # it would wait for 15 s
        assert left_of(family) == []
        assert "Stopped." in run.said
