"""Rounds at the command line."""

import json
from pathlib import Path

from tests.ledger.rounds import cancel_round
from tests.making import PROVIDER, Operator
from tests.ops.conftest import Unbet

BET = ("bet", "alice", "EUR", "4.00", "--provider", PROVIDER)


def test_a_bet_names_its_round_and_is_refused_once_that_is_cancelled(
    unbet: Unbet, operator: Operator
) -> None:
    operator.deposit("10.00")
    assert unbet(*BET, "--reference", "r1", "--round", "R").status == 0
    cancel_round(operator, "R")
    late = unbet(*BET, "--reference", "r2", "--round", "R", "--json")
    assert (late.status, late.document["reason"]) == (3, "cancelled")
    assert operator.balance().cash == 10


def test_imported_bets_name_their_rounds(unbet: Unbet, operator: Operator, tmp_path: Path) -> None:
    operator.deposit("10.00")
    cancel_round(operator, "R")
    same = {"op": "bet", "user": "alice", "currency": "EUR", "amount": "1.00"}
    lines = [
        same | {"provider": PROVIDER, "reference": "r1", "round_id": "R"},
        same | {"provider": PROVIDER, "reference": "r2", "round_id": "S"},
        same | {"provider": PROVIDER, "reference": "r3"},
    ]
    file = tmp_path / "import.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)))
    ran = unbet("import", file)
    assert [line["status"] for line in ran.lines] == ["refused", "done", "done"]
    assert cancel_round(operator, "S").outcome == "reversed"


def test_a_round_is_explained(unbet: Unbet, operator: Operator) -> None:
    operator.deposit("10.00")
    unbet(*BET, "--reference", "r1", "--round", "R")
    cancel_round(operator, "R", None, None)
    shown = unbet("explain", "R")
    assert shown.status == 0
    assert "for all players: reversed; bet r1: 4.00 EUR, reversed." in " ".join(shown.out.split())
    assert f"round R at {PROVIDER}" in shown.out
    (document,) = unbet("explain", "R", "--json").document["stories"]
    (bet,) = document["round"]["bets"]
    assert (bet["reference"], bet["outcome"]) == ("r1", "reversed")
    assert "its round R was cancelled on" in " ".join(unbet("explain", "r1").out.split())
