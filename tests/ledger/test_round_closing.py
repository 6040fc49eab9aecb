"""A person closes a parked cancel of a round, and reopens it."""

from tests.ledger.closing import closed, keep, reopen, require_order, sweep
from tests.ledger.rounds import cancel_round, place, round_bet, round_cancel, rows, states
from tests.making import Operator, cancel_of
from unbet.core.outcomes import Outcome
from unbet.journal.parking import list_parked
from unbet.wallets.ledger import Refusal, Status


def test_closing_binds_no_bet_and_every_cancel_of_the_round_is_told(operator: Operator) -> None:
    operator.deposit("100.00")
    place(operator, round_bet("a1", "R"), round_bet("R", None))
    cancel = round_cancel("R")
    assert closed(operator.engine, cancel) is None
    assert cancel_round(operator, "R").outcome is Outcome.CLOSED
    assert states(operator) == {"a1": "placed", "R": "placed"}
    assert rows(operator, "SELECT FROM unbet_ledger.cancelled_rounds") == []
    # Bets that have the round's name, or are in it, have cancels of their own.
    assert operator.cancel(cancel_of("R"))[0].outcome is Outcome.REVERSED
    assert operator.cancel(cancel_of("a1"))[0].outcome is Outcome.REVERSED


def test_a_bet_that_comes_after_its_rounds_cancel_was_closed_is_refused(
    operator: Operator,
) -> None:
    for player in ("alice", "bob"):
        operator.deposit("100.00", user_id=player)
    cancel = round_cancel("R")
    closed(operator.engine, cancel)
    late, of_another, elsewhere, of_bet, of_other_provider = place(
        operator,
        round_bet("a1", "R"),
        round_bet("b1", "R", user_id="bob"),
        round_bet("a2", "S"),
        round_bet("a3", None),
        round_bet("a4", "R", provider="Other"),
    )
    assert late.refusal is Refusal.CANCELLED
    others = (of_another, elsewhere, of_bet, of_other_provider)
    assert {one.status for one in others} == {Status.DONE}
    require_order(operator.engine)
    assert reopen(operator.engine, cancel) is not None
    assert place(operator, round_bet("a5", "R"))[0].status is Status.DONE
    assert sweep(operator.engine) == [Outcome.REVERSED]
    assert states(operator)["a5"] == "reversed"
    require_order(operator.engine)


def test_a_wider_cancel_does_not_give_back_what_was_closed(operator: Operator) -> None:
    for player in ("alice", "bob"):
        operator.deposit("100.00", user_id=player)
        place(operator, round_bet(f"of {player}", "R", user_id=player))
    closed(operator.engine, round_cancel("R"))
    assert cancel_round(operator, "R", None, None).outcome is Outcome.REVERSED
    assert states(operator) == {"of alice": "placed", "of bob": "reversed"}


def test_reopened_it_is_decided(operator: Operator) -> None:
    operator.deposit("100.00")
    place(operator, round_bet("a1", "R"))
    cancel = round_cancel("R")
    closed(operator.engine, cancel)
    assert reopen(operator.engine, cancel) is not None
    assert sweep(operator.engine) == [Outcome.REVERSED]
    assert states(operator) == {"a1": "reversed"}
    assert cancel_round(operator, "R").outcome is Outcome.REVERSED


def test_what_was_decided_before_is_not_closed_any_more(operator: Operator) -> None:
    operator.deposit("100.00")
    place(operator, round_bet("a1", "R"))
    cancel_round(operator, "R")
    closed(operator.engine, round_cancel("R"))
    assert cancel_round(operator, "R").outcome is Outcome.REVERSED


def test_a_closed_bet_of_the_round_stays_closed(operator: Operator) -> None:
    operator.deposit("100.00")
    place(operator, round_bet("a1", "R"), round_bet("a2", "R"))
    assert closed(operator.engine, cancel_of("a1")) is Outcome.CLOSED
    assert cancel_round(operator, "R").outcome is Outcome.REVERSED
    assert states(operator) == {"a1": "placed", "a2": "reversed"}


def test_a_parked_cancel_of_a_round_is_not_listed_as_that_of_a_bet(operator: Operator) -> None:
    operator.deposit("100.00")
    place(operator, round_bet("R", None))
    keep(operator.engine, round_cancel("R"))
    with operator.engine.connect() as connection:
        (listed,) = list_parked(connection, most=10)
    assert (listed.reference, listed.amount) == ("R", None)


def test_a_closed_round_without_bets_is_not_cancelled(operator: Operator) -> None:
    operator.deposit("100.00")
    closed(operator.engine, round_cancel("R"))
    assert cancel_round(operator, "R").outcome is Outcome.CLOSED
    assert cancel_round(operator, "R", "bob").outcome is Outcome.NO_BET
    assert rows(operator, "SELECT user_id FROM unbet_ledger.cancelled_rounds") == [("bob",)]
