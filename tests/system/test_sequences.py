"""A ledger whose sequences are behind their tables, as a restore leaves them: no cancel is to
blame, whoever starts says what is the matter, and once it is mended all are decided."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from sqlalchemy import text

from tests.operating import Operator, bet_of
from tests.system.processes import System
from tests.system.watching import PLAYER, timed, wait_until_cancelled
from tests.waiting import until

SEQUENCE = "unbet_ledger.transfers_id_seq"
BETS = 300
"""Each try takes a number: with fewer the sequence would soon have caught up."""
CANCELLED = [f"r{number}" for number in range(3)]


def set_sequence(operator: Operator, to: str) -> None:
    with operator.engine.begin() as connection:
        connection.execute(
            text(f"SELECT setval('{SEQUENCE}', {to}(id)) FROM unbet_ledger.transfers")
        )


def parked(system: System) -> tuple[int, int, set[str]]:
    """How many wait, how many are dead, and of which bets."""
    told = json.loads(system.unbet("parked", "list", "--json").stdout)
    return told["parked"], told["dead"], {cancel["reference"] for cancel in told["cancels"]}


def tried_again(operator: Operator) -> bool:
    """Whether a sweep has tried each: it counts a try, and takes that back."""
    query = text(
        "SELECT count(*) FROM unbet.parked WHERE next_try_at > parked_at + interval '3 seconds'"
    )
    with operator.engine.connect() as connection:
        return bool(connection.execute(query).scalar_one() == len(CANCELLED))


@pytest.mark.long
def test_with_sequences_behind_cancels_wait_starts_are_refused_and_mended_all_are_decided(
    system: System, operator: Operator
) -> None:
    system.start_sweep()
    # One that starts only afterwards is refused.
    until(lambda: "the sweep is ready" in system.said("sweep"), "it does not start")
    operator.deposit("1000.00", **PLAYER)
    operator.place(bet_of(f"r{number}", "1.00", **PLAYER) for number in range(BETS))
    set_sequence(operator, to="min")
    with ThreadPoolExecutor(len(CANCELLED)) as pool:
        answers = list(pool.map(lambda reference: timed(system, reference), CANCELLED))
    assert {code for code, _ in answers} == {100}
    until(lambda: tried_again(operator), "no sweep has tried them")
    assert parked(system) == (len(CANCELLED), 0, set(CANCELLED))

    worker = [*("-m", "celery", "--app", "worker.app", "worker"), "--hostname=worker-late@test"]
    system.start("worker-late", sys.executable, *worker)
    system.start_sweep("sweep-late")
    for name, program in {"worker-late": "worker", "sweep-late": "sweep"}.items():
        assert system.processes.pop(name).wait(timeout=30) == 1
        said = system.said(name)
        assert f"The {program} does not start: the sequence {SEQUENCE} is at " in said, said
        assert "Run: SELECT setval(" in said, said
    audited = system.unbet("audit", "--json")
    assert audited.returncode == 1
    assert SEQUENCE in audited.stdout
    assert operator.balance(**PLAYER).cash == Decimal(1000 - BETS)

    set_sequence(operator, to="max")
    system.start_sweep("sweep-late")
    wait_until_cancelled(operator, *CANCELLED)
    assert operator.balance(**PLAYER).cash == Decimal(1000 - BETS + len(CANCELLED))
    with operator.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM unbet.parked")).scalar_one() == 0
    assert timed(system, CANCELLED[0])[0] == 0
