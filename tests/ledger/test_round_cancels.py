"""A cancel of a round: all its bets are cancelled, and those that come later are refused.

(Over 250 lines: one table with bets of several rounds serves all of them.)
"""

from decimal import Decimal

import pytest
from sqlalchemy.exc import DBAPIError

from tests.ledger.rounds import (
    cancel_round,
    decide,
    place,
    round_bet,
    round_cancel,
    rows,
    states,
)
from tests.making import Operator, cancel_of
from unbet import InvalidOperationError, place_bet
from unbet.core.outcomes import Outcome
from unbet.wallets.ledger import Refusal, Status
from unbet.wallets.ledger.audit import audit


@pytest.fixture
def table(operator: Operator) -> Operator:
    """Alice has 70.00 left, and two bets of round R, one of round S and one of none; bob has 90.00
    left and a bet of R."""
    operator.deposit("100.00")
    operator.deposit("100.00", user_id="bob")
    place(
        operator,
        round_bet("a1", "R"),
        round_bet("a2", "R", "5.00"),
        round_bet("a3", "S"),
        round_bet("a4", None, "5.00"),
        round_bet("b1", "R", user_id="bob"),
    )
    return operator


def test_reverses_all_bets_of_the_round_and_no_others(table: Operator) -> None:
    decision = cancel_round(table, "R")
    assert decision.outcome is Outcome.REVERSED
    assert (decision.cash, decision.currency) == (Decimal("85.00"), "EUR")
    assert not decision.replayed
    assert states(table) == {
        "a1": "reversed",
        "a2": "reversed",
        "a3": "placed",
        "a4": "placed",
        "b1": "placed",
    }
    assert table.balance().cash == Decimal("85.00")
    assert table.balance("bob").cash == Decimal("90.00")


def test_a_request_without_a_player_is_about_all_players(table: Operator) -> None:
    decision = cancel_round(table, "R", None, None)
    assert (decision.outcome, decision.cash) == (Outcome.REVERSED, None)
    assert (table.balance().cash, table.balance("bob").cash) == (Decimal(85), Decimal(100))


def test_a_repeat_is_told_the_same_and_that_it_is_one(table: Operator) -> None:
    first = cancel_round(table, "R")
    table.deposit("1.00")
    again = cancel_round(table, "R")
    assert again.replayed
    same = {"request_id", "replayed"}
    assert again.model_dump(exclude=same) == first.model_dump(exclude=same)
    assert table.balance().cash == Decimal("86.00")


def test_the_same_request_again_is_no_repeat(table: Operator) -> None:
    cancel = round_cancel("R")
    assert decide(table, cancel) == decide(table, cancel)
    assert len(rows(table, "SELECT FROM unbet.requests")) == 3


def test_two_requests_of_a_round_at_once_are_first_and_repeat(table: Operator) -> None:
    first, again = decide(table, round_cancel("R"), round_cancel("R"))
    assert (first.outcome, again.outcome) == (Outcome.REVERSED, Outcome.REVERSED)
    assert (first.replayed, again.replayed) == (False, True)
    assert first.transfer_id == again.transfer_id


def test_a_bet_that_comes_later_is_refused_and_shown(table: Operator) -> None:
    cancel_round(table, "R")
    late = round_bet("a9", "R")
    refused = {"status": Status.REFUSED, "refusal": Refusal.CANCELLED}
    (first, again) = place(table, late, late)
    assert first.model_dump() == {"replayed": False, **refused}
    assert again.model_dump() == {"replayed": True, **refused}
    assert rows(table, "SELECT reference, amount FROM unbet_ledger.late_bets") == [("a9", 10)]
    assert table.balance().cash == Decimal("85.00")
    # It had no stake: the round's outcome stays.
    assert cancel_round(table, "R").outcome is Outcome.REVERSED
    assert table.cancel(cancel_of("a9"))[0].outcome is Outcome.BET_REFUSED


def test_of_an_unknown_round_the_bets_to_come_are_refused(operator: Operator) -> None:
    operator.deposit("100.00")
    decision = cancel_round(operator, "R")
    assert (decision.outcome, decision.cash) == (Outcome.NO_BET, Decimal(100))
    (late,) = place(operator, round_bet("a1", "R"))
    assert late.refusal is Refusal.CANCELLED
    again = cancel_round(operator, "R")
    assert (again.outcome, again.replayed) == (Outcome.NO_BET, True)
    assert operator.balance().cash == 100


def test_bets_of_players_and_currencies_that_were_not_named_are_taken(operator: Operator) -> None:
    operator.deposit("100.00", user_id="bob")
    operator.deposit("100.00", currency="USD")
    cancel_round(operator, "R")
    cancel_round(operator, "S", None, "EUR")
    bobs, dollars, euros = place(
        operator,
        round_bet("b1", "R", user_id="bob"),
        round_bet("a1", "R", currency="USD"),
        round_bet("b2", "S", user_id="bob"),
    )
    assert [bobs.status, dollars.status] == [Status.DONE, Status.DONE]
    assert euros.refusal is Refusal.CANCELLED
    # What was no bet stays none, though another player has one by now.
    assert cancel_round(operator, "R").outcome is Outcome.NO_BET


def test_another_players_round_is_a_mismatch_and_binds_no_bet(table: Operator) -> None:
    decision = cancel_round(table, "S", "bob")
    assert decision.outcome is Outcome.MISMATCH
    assert (decision.cash, decision.transfer_id) == (None, None)
    assert cancel_round(table, "S", "bob").outcome is Outcome.MISMATCH
    assert cancel_round(table, "S", "alice", "USD").outcome is Outcome.CURRENCY_MISMATCH
    assert cancel_round(table, "S", None, "USD").outcome is Outcome.CURRENCY_MISMATCH
    assert states(table)["a3"] == "placed"
    (bobs,) = place(table, round_bet("b9", "S", user_id="bob"))
    assert bobs.refusal is Refusal.CANCELLED
    right = cancel_round(table, "S")
    assert (right.outcome, right.replayed) == (Outcome.REVERSED, False)


def test_an_amount_is_that_of_all_bets_together(table: Operator) -> None:
    assert cancel_round(table, "R", amount="10.00").outcome is Outcome.AMOUNT_MISMATCH
    assert states(table)["a1"] == "placed"
    assert place(table, round_bet("a9", "R", "1.00"))[0].status is Status.DONE
    assert cancel_round(table, "R", amount="16.00").outcome is Outcome.REVERSED
    assert cancel_round(table, "R", amount="16.00").outcome is Outcome.REVERSED


def test_a_settled_bet_stays_and_placed_ones_are_reversed(table: Operator) -> None:
    table.settle("a1", "30.00")
    decision = cancel_round(table, "R")
    assert (decision.outcome, decision.cash) == (Outcome.REVERSED, Decimal("105.00"))
    assert (states(table)["a1"], states(table)["a2"]) == ("settled", "reversed")


def test_a_round_of_settled_and_refused_bets_is_settled(table: Operator) -> None:
    place(table, round_bet("big", "S", "1000.00"))
    table.settle("a3", "0.00")
    assert cancel_round(table, "S").outcome is Outcome.SETTLED
    place(table, round_bet("bigger", "T", "1000.00"))
    assert cancel_round(table, "T").outcome is Outcome.BET_REFUSED


def test_a_bet_that_was_cancelled_before_is_not_reversed_twice(table: Operator) -> None:
    table.cancel(cancel_of("a1"))
    decision = cancel_round(table, "R")
    assert (decision.outcome, decision.replayed) == (Outcome.REVERSED, False)
    assert table.cancel(cancel_of("a2"))[0].outcome is Outcome.REVERSED
    assert table.balance().cash == Decimal("85.00")


def test_a_round_that_is_called_as_a_bet_is_not_that_bet(table: Operator) -> None:
    assert cancel_round(table, "a4").outcome is Outcome.NO_BET
    assert states(table)["a4"] == "placed"
    assert table.cancel(cancel_of("R"))[0].outcome is Outcome.NO_BET
    assert states(table)["a1"] == "placed"
    assert cancel_round(table, "R").outcome is Outcome.REVERSED
    assert table.cancel(cancel_of("a4"))[0].outcome is Outcome.REVERSED


def test_providers_have_rounds_of_their_own(operator: Operator) -> None:
    operator.deposit("100.00")
    mine, others = round_bet("r1", "R"), round_bet("r1", "R", provider="Other")
    place(operator, mine, others)
    assert cancel_round(operator, "R", provider="Other").outcome is Outcome.REVERSED
    assert rows(operator, "SELECT provider, state FROM unbet_ledger.bets ORDER BY 1") == [
        ("LuckyMonaco", "placed"),
        ("Other", "reversed"),
    ]
    assert place(operator, round_bet("r2", "R"))[0].status is Status.DONE


def test_a_group_has_cancels_of_bets_and_of_rounds(table: Operator) -> None:
    of_bet, of_round, unknown = decide(
        table, cancel_of("a4"), round_cancel("R"), cancel_of("unknown")
    )
    assert [of_bet.outcome, of_round.outcome, unknown.outcome] == [
        Outcome.REVERSED,
        Outcome.REVERSED,
        Outcome.NO_BET,
    ]


def test_each_bet_has_a_request_on_record_beside_the_rounds(table: Operator) -> None:
    cancel = round_cancel("R")
    (decision,) = decide(table, cancel)
    found = rows(
        table,
        """SELECT reference, user_id, outcome, of_round, cash, wallet_ref, body = :body
             FROM unbet.requests ORDER BY reference""",
        body=cancel.body,
    )
    number = str(decision.transfer_id)
    assert found == [
        ("R", "alice", "reversed", True, Decimal("85.00"), number, True),
        ("a1", "alice", "reversed", False, None, None, True),
        ("a2", "alice", "reversed", False, None, None, True),
    ]


def test_another_round_under_the_same_reference_is_a_conflict(table: Operator) -> None:
    other, unsaid = place(table, round_bet("a1", "S"), round_bet("a1", None))
    assert (other.status, unsaid.status, unsaid.replayed) == (Status.CONFLICT, Status.DONE, True)


def test_with_unknown_rounds_held_a_bet_may_still_come(operator: Operator) -> None:
    operator.deposit("100.00")
    (held,) = decide(operator, round_cancel("R"), hold_unknown=True)
    assert held.outcome is Outcome.PARKED
    assert rows(operator, "SELECT of_round FROM unbet.parked") == [(True,)]
    assert place(operator, round_bet("a1", "R"))[0].status is Status.DONE
    (decided,) = decide(operator, round_cancel("R"), hold_unknown=True)
    assert decided.outcome is Outcome.REVERSED


def test_a_cancelled_round_is_kept_for_ever(table: Operator) -> None:
    cancel_round(table, "R")
    for statement in (
        "DELETE FROM unbet_ledger.cancelled_rounds",
        "UPDATE unbet_ledger.cancelled_rounds SET user_id = 'bob'",
        "UPDATE unbet_ledger.bets SET round_id = 'S' WHERE reference = 'a2'",
    ):
        with pytest.raises(DBAPIError), table.engine.begin() as connection:
            connection.exec_driver_sql(statement)


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_a_bet_that_could_not_see_the_cancel_of_its_round_is_not_taken(
    operator: Operator, level: str
) -> None:
    operator.deposit("10.00")
    strict = operator.engine.execution_options(isolation_level=level)
    with strict.begin() as connection:
        with pytest.raises(InvalidOperationError, match="READ COMMITTED"):
            place_bet(connection, round_bet("a1", "R"))
        assert place_bet(connection, round_bet("a2", None)).status is Status.DONE


def test_the_audit_finds_nothing(table: Operator) -> None:
    cancel_round(table, "R")
    place(table, round_bet("a9", "R"))
    with table.engine.connect() as connection:
        assert audit(connection).violations == ()
