"""A request that names a round, on real processes: receiver, queue, worker, sweep, history."""

from pathlib import Path
from typing import Any

import pytest

from tests.operating import Operator
from tests.own_dialects import install_for
from tests.system.processes import System
from tests.waiting import until

URL_PART = "the-secret-of-the-rounds"
PROVIDER = "Rounds"


@pytest.fixture
def rounds(idle_system: System, operator: Operator, tmp_path: Path) -> System:
    endpoint = {"provider": PROVIDER, "dialect": "rounds"}
    folder = tmp_path / "installed"
    install_for(idle_system, folder, "tests.round_dialect:ROUNDS", URL_PART, **endpoint)
    operator.deposit("100.00")
    return idle_system


def bet(operator: Operator, reference: str, round_id: str | None) -> str:
    return operator.bet(reference, provider=PROVIDER, round_id=round_id).status.value


def cancel(system: System, *asked: tuple[str, str]) -> tuple[int, Any]:
    """`asked` are kinds with a name each."""
    txns = [{"id": name, "roundId": name, "transactionType": kind} for kind, name in asked]
    body = {"id": "q-1", "currency": "EUR", "username": "alice", "txns": txns}
    answer = system.http.post(f"/{URL_PART}/cancelBets", json=body)
    return answer.status_code, answer.json()


def test_a_round_and_a_bet_of_one_request_are_given_back_and_later_bets_refused(
    rounds: System, operator: Operator
) -> None:
    rounds.start_both()
    for reference, round_id in (("b-1", "r-1"), ("b-2", "r-1"), ("b-3", None), ("r-1", "r-2")):
        assert bet(operator, reference, round_id) == "done"
    assert cancel(rounds, ("BY_ROUND", "r-1"), ("BY_TRANSACTION", "b-3")) == (
        200,
        {"statusCode": 0, "id": "q-1"},
    )
    assert operator.balance().cash == 90, "the bet that is called as the round stands"
    assert bet(operator, "b-4", "r-1") == "refused"
    assert bet(operator, "b-5", "r-2") == "done"
    assert cancel(rounds, ("BY_ROUND", "r-1"))[1]["statusCode"] == 0
    assert operator.balance().cash == 80
    told = rounds.unbet("explain", "b-2")
    assert told.returncode == 0, told.stderr
    assert "r-1" in told.stdout, "its round is named"
    assert rounds.unbet("audit").returncode == 0


def test_a_round_that_is_parked_is_finished_by_the_sweep(
    rounds: System, operator: Operator
) -> None:
    bet(operator, "b-1", "r-1")
    bet(operator, "b-2", "r-1")
    rounds.start_receiver()
    assert cancel(rounds, ("BY_ROUND", "r-1"), ("BY_ROUND", "unknown"))[0] == 500
    assert operator.balance().cash == 80
    rounds.start_sweep()
    until(lambda: operator.balance().cash == 100, "the round is not given back")
    assert bet(operator, "b-3", "unknown") == "refused"
    rounds.start_worker()
    assert cancel(rounds, ("BY_ROUND", "r-1")) == (200, {"statusCode": 0, "id": "q-1"})
