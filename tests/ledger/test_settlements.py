"""Settlements: wins, their own key space, and what a cancel refuses them."""

from decimal import Decimal

from sqlalchemy import text

from tests.making import Operator, cancel_of
from unbet import Refusal, Status
from unbet.core.outcomes import Outcome


def test_a_win_is_paid_to_cash(operator: Operator) -> None:
    operator.deposit("10.00", bonus=True)
    operator.bet("r1", "4.00")
    assert operator.settle("r1", "25.00").status is Status.DONE
    assert (operator.balance().cash, operator.balance().bonus) == (Decimal(25), Decimal(6))


def test_a_win_with_the_bets_reference_does_not_collide_with_it(operator: Operator) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "4.00")
    assert operator.settle("r1", "1.00", reference="r1").status is Status.DONE
    # A cancel never reverses a win: the win's reference alone is an unknown bet.
    operator.bet("r2", "4.00")
    operator.settle("r2", "1.00", reference="w2")
    (decision,) = operator.cancel(cancel_of("w2"))
    assert decision.outcome is Outcome.NO_BET
    assert operator.balance().cash == Decimal(4)


def test_the_same_win_again_is_replayed_and_another_amount_is_a_conflict(
    operator: Operator,
) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "4.00")
    operator.settle("r1", "5.00")
    assert operator.settle("r1", "5.00").replayed is True
    assert operator.settle("r1", "6.00").status is Status.CONFLICT
    assert operator.balance().cash == Decimal(11)


def test_a_further_win_on_a_settled_bet_is_paid_on_top(operator: Operator) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "4.00")
    operator.settle("r1", "5.00")
    assert operator.settle("r1", "2.00", reference="w2").status is Status.DONE
    assert operator.balance().cash == Decimal(13)


def test_a_win_on_a_cancelled_bet_is_refused_and_recorded(operator: Operator) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "4.00")
    operator.cancel(cancel_of("r1"), cancel_of("r2"))
    for reference in ("r1", "r2"):
        result = operator.settle(reference, "5.00")
        assert (result.status, result.refusal) == (Status.REFUSED, Refusal.CANCELLED)
        assert operator.settle(reference, "5.00").replayed is True
    assert operator.balance().cash == Decimal(10)
    with operator.engine.connect() as connection:
        rows = connection.execute(
            text("SELECT reference, refusal, amount FROM unbet_ledger.wins ORDER BY 1")
        )
        assert [tuple(row) for row in rows] == [
            ("r1", "cancelled", Decimal(5)),
            ("r2", "cancelled", Decimal(5)),
        ]


def test_a_win_on_an_unknown_or_refused_bet_is_refused_for_good(operator: Operator) -> None:
    assert operator.settle("r1", "5.00").refusal is Refusal.UNKNOWN_BET
    operator.bet("r2", "4.00")
    assert operator.settle("r2", "5.00").refusal is Refusal.BET_REFUSED
    operator.deposit("10.00")
    operator.bet("r1", "4.00")
    assert operator.settle("r1", "5.00").refusal is Refusal.UNKNOWN_BET
    assert operator.balance().cash == Decimal(6)


def test_a_settled_bet_that_is_sent_again_is_replayed(operator: Operator) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "4.00")
    operator.settle("r1", "0")
    again = operator.bet("r1", "4.00")
    assert (again.status, again.replayed) == (Status.DONE, True)


def test_further_wins_are_paid_after_a_cancel_came_too_late(operator: Operator) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "4.00")
    operator.settle("r1", "5.00")
    operator.cancel(cancel_of("r1"))
    assert operator.settle("r1", "2.00", reference="w2").status is Status.DONE
    assert operator.balance().cash == Decimal(13)
