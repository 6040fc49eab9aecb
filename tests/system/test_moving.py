"""docs/moving.md, step by step."""

import json
import re
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from tests.operating import Operator
from tests.system.processes import ROOT, System

PAGE = (ROOT / "docs" / "moving.md").read_text()
LIMIT_S = 40.0


@pytest.mark.long
def test_an_operator_moves_over_while_the_provider_cancels(
    idle_system: System, engine: Engine, tmp_path: Path
) -> None:
    system = idle_system
    system.environment["UNBET_UNKNOWN_REFERENCE"] = "hold"
    system.start_worker("worker-hold")
    system.start_sweep("sweep-hold")
    system.start_receiver()
    alice = {"userId": "alice", "currency": "EUR"}

    assert system.cancel(reference="old-open", **alice)["error"] == 100
    assert system.cancel(reference="never-imported", uuid="2" * 32, **alice)["error"] == 100
    assert _parked(engine) == {"old-open", "never-imported"}

    lines = tmp_path / "bets.jsonl"
    found = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert found
    lines.write_text(found[1])
    assert system.unbet("import", str(lines)).returncode == 0
    _wait_until(engine, {"never-imported"})
    again = [json.loads(line) for line in system.unbet("import", str(lines)).stdout.splitlines()]
    assert [line["replayed"] for line in again] == [True] * 4
    assert [line["reason"] for line in again] == [None, "cancelled", None, None]
    assert system.cancel(reference="old-open", **alice)["error"] == 0
    assert system.cancel(reference="old-done", uuid="3" * 32, **alice)["error"] == 120
    # 90.00 of before, and the open bet's stake.
    assert Operator(engine).balance("alice").cash == 100

    # The switch. (A worker's restart is every system test's beginning; this one spares the time.)
    system.processes["sweep-hold"].terminate()
    assert system.processes.pop("sweep-hold").wait(20) == 0
    del system.environment["UNBET_UNKNOWN_REFERENCE"]
    system.start_sweep()
    _wait_until(engine, set())
    assert system.cancel(reference="never-imported", uuid="2" * 32, **alice)["error"] == 0
    late = Operator(engine).bet("never-imported", "1.00")
    assert late.refusal == "cancelled"


def _parked(engine: Engine) -> set[str]:
    query = text("SELECT reference FROM unbet.parked WHERE state IN ('parked', 'dead')")
    with engine.connect() as connection:
        return set(connection.execute(query).scalars())


def _wait_until(engine: Engine, parked: set[str]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while (now := _parked(engine)) != parked:
        assert time.monotonic() < deadline, now
        time.sleep(0.1)
