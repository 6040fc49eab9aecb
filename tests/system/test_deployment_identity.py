"""A process knows which deployment it is of, and touches nothing of another one."""

import sys
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest
from sqlalchemy import text

from tests.databases import deployment_at, migrated
from tests.operating import Operator
from tests.servers import services
from tests.system.processes import System
from tests.system.watching import PLAYER, spooled, tombstones
from tests.tiers import long
from tests.waiting import until

WORKER: Final = ["-m", "celery", "--app", "worker.app", "worker"]


@pytest.mark.long
def test_a_receiver_that_starts_without_its_database_spools_and_learns_who_it_is(
    idle_system: System, own_directory: Path, request: pytest.FixtureRequest
) -> None:
    url = services.start(own_directory, redis=False).database_url
    assert url
    engine = migrated(url)
    request.addfinalizer(engine.dispose)
    operator = Operator(engine)
    operator.deposit("100.00", **PLAYER)
    operator.bet("r1", "10.00", **PLAYER)
    engine.dispose()
    services.stop(own_directory)
    idle_system.environment["UNBET_DATABASE_URL"] = url
    idle_system.start("receiver", sys.executable, "-m", "api")
    idle_system.wait("health", idle_system.alive)
    assert idle_system.http.get("/readyz").json()["deployment"] is None
    assert idle_system.cancel(reference="r1")["error"] == 100
    services.start(own_directory, redis=False)
    until(lambda: idle_system.http.get("/readyz").json()["deployment"], "it does not learn it")
    assert idle_system.http.get("/readyz").json()["deployment"] == str(deployment_at(url))
    idle_system.start_worker()
    idle_system.start_sweep()
    until(lambda: operator.balance(**PLAYER).cash == Decimal(100), "it was not brought along")
    assert idle_system.cancel(reference="r1")["error"] == 0


def test_in_a_database_that_became_another_deployments_nothing_is_decided(
    system: System, operator: Operator
) -> None:
    """As if another one had been restored under the same address: seen by the next connection."""
    system.start_sweep()
    # One that starts only afterwards is of the other deployment, and rightly so.
    until(lambda: "the sweep is ready" in system.said("sweep"), "the sweep did not start")
    operator.deposit("100.00", **PLAYER)
    operator.bet("r1", "10.00", **PLAYER)
    assert system.cancel(reference="before")["error"] == 0
    with operator.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO deployment (id, recorded_by) VALUES (gen_random_uuid(), 'a test')")
        )
    with operator.engine.connect() as connection:
        connection.execute(
            # Waited for (ms): one that has not ended yet would still decide.
            text("""
                SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()
            """)
        )
    assert system.cancel(reference="r1")["error"] == 100
    assert spooled(system) == 1, "it was parked in the other deployment's database"
    until(lambda: is_told_another_is_here(system), "it is not shown at /readyz")
    for process in ("receiver", "worker", "sweep"):
        until(partial(is_said, system, process, "another deployment's"), f"{process} is silent")
    operator.engine.dispose()
    assert operator.balance(**PLAYER).cash == Decimal(90)
    assert tombstones(operator) == 1, "the first one's"


def is_said(system: System, process: str, words: str) -> bool:
    return words in system.said(process)


def is_told_another_is_here(system: System) -> bool:
    """On a busy machine the probe may also have had no answer in time."""
    answer = system.http.get("/readyz")
    return (answer.status_code, answer.json()["ledger"]) == (503, "another deployment's database")


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "api"],
        *(long(command) for command in (["-m", "worker.sweep"], WORKER)),
    ],
)
def test_a_process_that_was_told_another_deployment_does_not_start(
    idle_system: System, command: list[str]
) -> None:
    told = str(uuid4())
    idle_system.environment["UNBET_DEPLOYMENT"] = told
    idle_system.start("receiver" if "api" in command else "worker", sys.executable, *command)
    [process] = idle_system.processes.values()
    assert process.wait(timeout=30) == 1
    [name] = idle_system.processes
    last = idle_system.said(name).strip().splitlines()[-1]
    assert f", UNBET_DEPLOYMENT says {told}." in last, last
