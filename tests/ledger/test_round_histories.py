"""What is told of a round, and of its bets."""

import pytest

from tests.ledger.closing import keep
from tests.ledger.rounds import cancel_round, decide, place, round_bet, round_cancel, rows
from tests.making import Operator, cancel_of
from unbet.core.outcomes import Outcome
from unbet.history.explain import explain
from unbet.history.prediction import predict
from unbet.history.records import History
from unbet.history.timeline import summary, timeline
from unbet.journal.outcomes import find_outcomes
from unbet.journal.search import find


@pytest.fixture
def table(operator: Operator) -> Operator:
    """A round with a reversed and a settled bet, and one that came late; a bet with its name."""
    operator.deposit("100.00")
    place(operator, round_bet("a1", "R"), round_bet("a2", "R", "5.00"), round_bet("R", None))
    operator.settle("a2", "7.00")
    cancel_round(operator, "R")
    place(operator, round_bet("a3", "R"))
    return operator


def told(operator: Operator, reference: str) -> list[History]:
    with operator.engine.connect() as connection:
        return explain(connection, reference)


def test_a_round_is_told_with_each_of_its_bets(table: Operator) -> None:
    of_bet, of_round = told(table, "R")
    assert of_bet.bet is not None
    assert "Never cancelled" in summary(of_bet)
    says = summary(of_round)
    assert "for player alice in EUR: reversed" in says
    assert "bet a1: 10.00 EUR, reversed" in says
    assert "bet a2: 5.00 EUR, settled" in says
    assert "bet a3: 10.00 EUR, refused since its round was cancelled" in says
    titles = [event.title for event in timeline(of_round)]
    assert "Cancel" in titles
    assert {"Bet a1: reversed", "Bet a2: settled", "Bet a3: refused"} <= {*titles}


def test_a_bet_is_told_with_its_rounds_cancel(table: Operator) -> None:
    (reversed_,) = told(table, "a1")
    assert summary(reversed_).startswith("Cancelled once: 10.00 EUR returned to cash")
    assert "its round R was cancelled on" in summary(reversed_)
    (late,) = told(table, "a3")
    assert summary(late).startswith("Refused on ")
    assert "came after the cancel of its round" in summary(late)


def test_the_bets_of_a_large_round_are_counted(operator: Operator) -> None:
    operator.deposit("100.00")
    place(operator, *(round_bet(f"r{number}", "R", "1.00") for number in range(7)))
    (history,) = told(operator, "R")
    assert summary(history) == "The round is not cancelled; 7 bets: 7 placed."


def test_a_parked_cancel_of_a_round_is_the_rounds(operator: Operator) -> None:
    operator.deposit("100.00")
    place(operator, round_bet("R", None))
    keep(operator.engine, round_cancel("R"))
    of_bet, of_round = told(operator, "R")
    assert (len(of_bet.parked), len(of_round.parked)) == (0, 1)
    assert summary(of_round).startswith("Not decided yet")


def test_rounds_are_found_by_their_name(table: Operator) -> None:
    with table.engine.connect() as connection:
        found = {(one.reference, one.state, one.found_by) for one in find(connection, "R")}
        by_player = {one.reference for one in find(connection, "alice")}
        cancel_round(table, "S")
    with table.engine.connect() as connection:
        of_cancel = [(one.reference, one.state, one.found_by) for one in find(connection, "S")]
    assert of_cancel == [("S", None, "round")]
    assert found == {("R", "placed", "reference"), ("R", None, "round")}
    assert {"a1", "a2", "a3"} <= by_player


def test_a_receiver_finds_the_rounds_outcome_and_not_that_of_a_bet(table: Operator) -> None:
    table.cancel(cancel_of("R"))
    cancel = round_cancel("S")
    (decision,) = decide(table, cancel)
    of_other = round_cancel("R")
    with table.engine.connect() as connection:
        (found,) = find_outcomes(connection, [cancel, of_other])
    assert found == decision


def test_a_reversed_round_is_found_with_its_transfer_and_cash(operator: Operator) -> None:
    operator.deposit("100.00")
    place(operator, round_bet("a1", "R"), round_bet("a2", "R"))
    cancel = round_cancel("R")
    (decision,) = decide(operator, cancel)
    with operator.engine.connect() as connection:
        assert find_outcomes(connection, [cancel]) == [decision]


def test_a_prediction_changes_nothing(table: Operator) -> None:
    place(table, round_bet("b1", "S"))
    with table.engine.connect() as connection:
        found = predict(connection, round_cancel("S"))
    assert (found.decision.outcome, found.is_repeat) == (Outcome.REVERSED, False)
    assert rows(table, "SELECT state FROM unbet_ledger.bets WHERE reference = 'b1'") == [
        ("placed",)
    ]
