"""What the processes of one machine count together, and where it is shown."""

import os
import re
import signal
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families as families_in

from tests.freezing import frozen
from tests.servers import reserve_port
from tests.system.processes import System
from tests.waiting import until

Samples = dict[str, float]


@pytest.fixture
def counting(idle_system: System, tmp_path: Path) -> System:
    """A receiver, and a worker and a sweep that would show their metrics at one port."""
    directory = tmp_path / "metrics"
    directory.mkdir()
    idle_system.environment |= {
        "PROMETHEUS_MULTIPROC_DIR": str(directory),
        "UNBET_METRICS_PORT": str(reserve_port()),
        "UNBET_RESEND_AFTER_S": "9",  # what is sent again is counted twice
    }
    idle_system.start_worker()
    until(lambda: "metrics are shown" in idle_system.said("worker"), "the worker shows none")
    idle_system.start_sweep()
    idle_system.start_receiver()
    return idle_system


def test_all_that_a_machine_counts_is_shown_by_its_receiver_and_by_its_worker(
    counting: System,
) -> None:
    for number in range(3):
        assert counting.cancel(reference=f"r{number}")["error"] == 0
    until(lambda: "metrics are not shown" in counting.said("sweep"), "the sweep did not say so")
    until(lambda: samples(of_worker(counting))["unbet_sweep_rounds_total"] > 0, "no round")
    receivers = counting.http.get("/metrics").text
    for shown in map(samples, (receivers, of_worker(counting))):
        assert shown["unbet_answers_total"] == 3
        assert shown["unbet_answer_seconds_count"] == 3
        assert shown["unbet_group_cancels_sum"] == 3
        assert shown["unbet_ledger_seconds_count"] == 3
        assert shown["unbet_groups_in_flight"] == 0
    names = {family.name for family in families_in(receivers) if family.name.startswith("unbet_")}
    table = counting.unbet("metrics").stdout
    told = set(re.findall(r"^\| `(\w+?)(?:_total)?` \|", table, re.MULTILINE))
    # What never happened has no labels yet; with none of them it is not shown.
    assert names >= told - {"unbet_retries", "unbet_cut", "unbet_ledger_calls"}
    assert names <= told
    assert samples(receivers)["unbet_up"] == 4


@pytest.mark.long
def test_a_child_that_outlives_its_worker_does_not_keep_the_port(counting: System) -> None:
    process = counting.processes.pop("worker")
    worker = psutil.Process(process.pid)
    first = worker.children()[0]
    first.kill()
    until(lambda: len(set(worker.children()) - {first}) == 2, "the child is not replaced")
    # It is forked with the port, and gives it up as soon as it gets on.
    until(lambda: not any(map(listens, worker.children())), "a child keeps the port")
    try:
        with frozen(*(child.pid for child in worker.children())):
            process.kill()
            process.wait()
            counting.start_worker("second")
            until(lambda: "metrics are shown" in counting.said("second"), "the port is taken")
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def listens(process: psutil.Process) -> bool:
    return any(one.status == psutil.CONN_LISTEN for one in process.net_connections())


def of_worker(system: System) -> str:
    port = system.environment["UNBET_METRICS_PORT"]
    return httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text


def samples(text: str) -> Samples:
    """Each metric's sum over its labels."""
    found: Samples = {}
    for family in families_in(text):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0) + sample.value
    return found
