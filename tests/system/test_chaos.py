"""The chaos run: short, seeded, and with the command line only."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

pytestmark = pytest.mark.long

START_LIMIT_S = 150
"""Four servers, two of them PostgreSQL, and six processes, on a machine that is busy."""

UNBET = str(Path(sys.executable).with_name("unbet"))
SEED = 26747
"""Its first faults: ledger and queue cut off while the spool's disk hovers around full, a sweeper
killed, PostgreSQL silent, bets held, Redis and PostgreSQL failed over, a receiver killed. The
receivers share a spool directory."""


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def chaos(tmp_path: Path) -> Iterator[Start]:
    """Starts runs, and ends those that are left, with all that they have started."""
    runs: list[subprocess.Popen[str]] = []

    def start(*options: str) -> subprocess.Popen[str]:
        run = subprocess.Popen(
            [UNBET, "chaos", "--dir", str(tmp_path / "run"), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        runs.append(run)
        return run

    yield start
    for run in runs:
        if run.poll() is None:
            run.send_signal(signal.SIGINT)
        run.communicate(timeout=90)


def wait_for_play(run: subprocess.Popen[str], directory: Path) -> None:
    """Until the provider has heard something."""
    log = directory / "run" / "provider.jsonl"
    deadline = time.monotonic() + START_LIMIT_S
    while not (log.exists() and log.stat().st_size):
        assert run.poll() is None, run.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)


def family(run: subprocess.Popen[str], directory: Path) -> list[psutil.Process]:
    """All that the run has started: its children, and the servers, which belong to nobody."""
    servers = [
        psutil.Process(int(seen_by(run, directory / "run" / file).read_text().split()[0]))
        for file in (
            "postgres-1/postgres/postmaster.pid",
            "postgres-2/postgres/postmaster.pid",
            "redis-1/redis/redis.pid",
            "redis-2/redis/redis.pid",
        )
    ]
    started = [psutil.Process(run.pid), *servers]
    return [part for one in started for part in (one, *one.children(recursive=True))]


def seen_by(run: subprocess.Popen[str], path: Path) -> Path:
    """The run's disks are mounted where only it and its processes see them."""
    return Path(f"/proc/{run.pid}/root{path}")


def left_of(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.timeout(300)
def test_nothing_is_lost_and_nothing_doubled_under_faults(chaos: Start, tmp_path: Path) -> None:
    result = tmp_path / "result.json"
    run = chaos("--seconds", "18", "--seed", str(SEED), "--rate", "60", "--json", str(result))
    said, _ = run.communicate(timeout=280)
    document: dict[str, Any] = json.loads(result.read_text()) if result.exists() else {}
    assert run.returncode == 0, said
    assert "Nothing was lost, nothing doubled" in said
    assert document["ok"] is True
    assert document["cancels"] > 300
    assert document["faults_not_undone"] == {}
    assert sum(document["faults"].values()) >= 4
    assert not (tmp_path / "run").exists() or document["dead"]


@pytest.mark.timeout(360)
def test_what_the_checker_finds_fails_the_run_and_its_logs_are_kept(
    chaos: Start, tmp_path: Path
) -> None:
    run = chaos("--seconds", "4", "--seed", str(SEED), "--rate", "50")
    wait_for_play(run, tmp_path)
    file = seen_by(run, tmp_path / "run" / "postgres-1" / "postgres.json")
    access = json.loads(file.read_text())
    with psycopg.connect(
        host="127.0.0.1",
        port=access["port"],
        password=access["password"],
        user="unbet",
        dbname="unbet",
    ) as thief:
        thief.execute("SET session_replication_role = replica")
        thief.execute(
            "UPDATE unbet_ledger.accounts SET balance = balance - 1 WHERE owner = 'player-7'"
        )
    said, _ = run.communicate(timeout=200)
    assert run.returncode == 1, said
    assert "money: player-7" in said
    assert "Promises were broken" in said
    kept = tmp_path / "run"
    logs = {file.name for file in (kept / "logs").iterdir()}
    assert logs >= {"receiver-1.log", "receiver-2.log", "worker-1.log", "worker-2.log"}
    assert "money: player-7" in (kept / "violations.txt").read_text()
    assert (kept / "postgres-1" / "postgres" / "PG_VERSION").exists()


@pytest.mark.timeout(360)
def test_ctrl_c_ends_a_run_in_the_middle_of_a_fault_and_leaves_no_process(
    chaos: Start, tmp_path: Path
) -> None:
    run = chaos("--seconds", "60", "--seed", str(SEED), "--rate", "50")
    wait_for_play(run, tmp_path)
    faults = tmp_path / "run" / "logs" / "faults.log"
    deadline = time.monotonic() + START_LIMIT_S
    while not faults.exists():  # the seed's first one takes seconds
        assert time.monotonic() < deadline
        time.sleep(0.05)
    started = family(run, tmp_path)
    assert len(started) >= 10
    run.send_signal(signal.SIGINT)
    said, _ = run.communicate(timeout=60)
    assert run.returncode == 130, said
    assert "nothing of it runs any more" in said
    assert left_of(started) == []
    assert not (tmp_path / "run").exists()
