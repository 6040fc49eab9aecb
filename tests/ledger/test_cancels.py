"""Cancels: each row of the design's table of outcomes, and that the first decision is final.

(Over 250 lines: one test a row of the design's table, in its order.)
"""

from decimal import Context, Decimal, localcontext

import pytest
from sqlalchemy import text

from tests.making import Operator, cancel_of
from unbet import Refusal, StakeOrder, Status, is_frozen
from unbet.core.message import Decision
from unbet.core.outcomes import Outcome
from unbet.journal.outcomes import find_outcomes


def outcome(decisions: list[Decision]) -> Outcome:
    (decision,) = decisions
    return decision.outcome


@pytest.mark.parametrize(
    ("cash", "bonus", "stake"),
    [
        ("10.00", "0", "10.00"),
        ("10.00", "5.00", "12.34"),
        ("0", "5.00", "5.00"),
        ("0.000000000000000001", "0.000000000000000002", "0.000000000000000003"),
        ("99999999999999999999.999999999999999999", "0", "99999999999999999999.999999999999999999"),
        (
            "12345678901234567890.123456789012345678",
            "98765432109876543210.987654321098765432",
            "99999999999999999999.999999999999999999",
        ),
        ("1.5", "0", "0"),
    ],
)
def test_bet_and_cancel_restore_every_account_exactly(
    operator: Operator, cash: str, bonus: str, stake: str
) -> None:
    if Decimal(cash):
        operator.deposit(cash)
    if Decimal(bonus):
        operator.deposit(bonus, bonus=True)
    before = operator.balance()
    assert operator.bet("r1", stake).status is Status.DONE
    after = operator.balance()
    with localcontext(Context(prec=80)):
        assert before.cash + before.bonus - after.cash - after.bonus == Decimal(stake)
    (decision,) = operator.cancel(cancel_of("r1"))
    assert decision.outcome is Outcome.REVERSED
    assert decision.cash == before.cash or not Decimal(cash)
    assert operator.balance() == before


def test_the_same_cancel_again_is_told_the_same_and_moves_nothing(operator: Operator) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "4.00")
    (first,) = operator.cancel(cancel_of("r1"))
    operator.bet("r2", "1.00")
    for _ in range(3):
        (again,) = operator.cancel(cancel_of("r1", uuid="f" * 32))
        told = {"request_id": first.request_id, "replayed": False}
        assert again.replayed
        assert again.model_copy(update=told) == first
    assert not first.replayed
    assert first.cash == Decimal(10)
    assert first.currency == "EUR"
    assert operator.balance().cash == Decimal(9)


def test_equal_cancels_in_one_group_give_one_reversal(operator: Operator) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "4.00")
    decisions = operator.cancel(*(cancel_of("r1") for _ in range(50)))
    assert {d.outcome for d in decisions} == {Outcome.REVERSED}
    assert len({d.transfer_id for d in decisions}) == 1
    assert {d.cash for d in decisions} == {Decimal(10)}
    assert operator.balance().cash == Decimal(10)


def test_several_bets_of_one_player_in_one_group_keep_the_running_balance(
    operator: Operator,
) -> None:
    operator.deposit("10.00")
    for number in range(5):
        operator.bet(f"r{number}", "2.00")
    decisions = operator.cancel(*(cancel_of(f"r{number}") for number in range(5)))
    assert sorted(d.cash for d in decisions if d.cash) == [2, 4, 6, 8, 10]
    with operator.engine.connect() as connection:
        balances = connection.execute(
            text("""
                SELECT balance_after
                  FROM unbet_ledger.entries JOIN unbet_ledger.accounts ON id = account_id
                 WHERE kind = 'cash' ORDER BY transfer_id
            """)
        ).scalars()
        assert list(balances) == [10, 8, 6, 4, 2, 0, 2, 4, 6, 8, 10]


def test_an_unknown_reference_leaves_a_tombstone_that_refuses_the_late_bet(
    operator: Operator,
) -> None:
    operator.deposit("10.00")
    assert outcome(operator.cancel(cancel_of("r1"))) is Outcome.NO_BET
    late = operator.bet("r1", "4.00")
    assert (late.status, late.refusal) == (Status.REFUSED, Refusal.CANCELLED)
    assert operator.balance().cash == Decimal(10)
    assert outcome(operator.cancel(cancel_of("r1"))) is Outcome.NO_BET


def test_a_tombstone_answers_every_player_alike_but_tells_only_its_own_what_he_has(
    operator: Operator,
) -> None:
    operator.deposit("10.00")
    cancels = cancel_of("r1"), cancel_of("r1", user_id="bob"), cancel_of("r1", currency="USD")
    told_at_once = operator.cancel(*cancels)
    told_again = operator.cancel(*cancels)
    with operator.engine.connect() as connection:
        read = find_outcomes(connection, cancels)
    for decisions in (told_at_once, told_again, read):
        assert {decision.outcome for decision in decisions} == {Outcome.NO_BET}
        told = [(decision.currency, decision.cash) for decision in decisions]
        assert told == [("EUR", Decimal(10)), ("EUR", None), ("USD", None)]
    assert operator.bet("r1", user_id="bob").refusal is Refusal.CANCELLED


@pytest.mark.parametrize("frozen", [False, True])
def test_a_refused_bet_is_cancelled_without_credit_and_stays_refused(
    operator: Operator, frozen: bool
) -> None:
    if frozen:
        operator.deposit("10.00")
        operator.freeze()
    operator.bet("r1", "4.00")
    before = operator.balance()
    assert outcome(operator.cancel(cancel_of("r1"))) is Outcome.BET_REFUSED
    assert operator.balance() == before
    operator.deposit("10.00")
    operator.unfreeze()
    assert operator.bet("r1", "4.00").status is Status.REFUSED
    assert operator.balance().cash == before.cash + 10


def test_a_cancelled_bet_that_is_sent_again_is_refused_and_takes_nothing(
    operator: Operator,
) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "4.00")
    operator.cancel(cancel_of("r1"))
    again = operator.bet("r1", "4.00")
    assert (again.status, again.refusal) == (Status.REFUSED, Refusal.CANCELLED)
    assert operator.balance().cash == Decimal(10)


@pytest.mark.parametrize("win", ["0", "25.00"])
def test_a_settled_bet_is_not_cancelled(operator: Operator, win: str) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "4.00")
    operator.settle("r1", win)
    before = operator.balance()
    first = operator.cancel(cancel_of("r1"))
    second = operator.cancel(cancel_of("r1"))
    assert outcome(first) is outcome(second) is Outcome.SETTLED
    assert first[0].cash == second[0].cash == before.cash
    assert operator.balance() == before


def test_another_players_cancel_binds_nobody(operator: Operator) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "4.00")
    (other_player,) = operator.cancel(cancel_of("r1", user_id="mallory"))
    assert other_player.outcome is Outcome.MISMATCH
    assert (other_player.cash, other_player.transfer_id) == (None, None)
    assert operator.balance().cash == Decimal(6)
    assert outcome(operator.cancel(cancel_of("r1"))) is Outcome.REVERSED
    assert outcome(operator.cancel(cancel_of("r1", user_id="mallory"))) is Outcome.MISMATCH


def test_another_currency_binds_nobody(operator: Operator) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "4.00")
    assert outcome(operator.cancel(cancel_of("r1", currency="USD"))) is Outcome.CURRENCY_MISMATCH
    assert operator.balance().cash == Decimal(6)
    assert outcome(operator.cancel(cancel_of("r1"))) is Outcome.REVERSED


@pytest.mark.parametrize("order", [0, 1])
def test_right_and_wrong_cancels_in_one_group_do_not_disturb_each_other(
    operator: Operator, order: int
) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "4.00")
    group = [
        cancel_of("r1"),
        cancel_of("r1", user_id="mallory"),
        cancel_of("r1", currency="USD"),
        cancel_of("r2"),
    ]
    expected = [
        Outcome.REVERSED,
        Outcome.MISMATCH,
        Outcome.CURRENCY_MISMATCH,
        Outcome.NO_BET,
    ]
    if order:
        group, expected = group[::-1], expected[::-1]
    assert [d.outcome for d in operator.cancel(*group)] == expected
    assert operator.balance().cash == Decimal(10)


def test_a_frozen_player_gets_the_stake_back_and_stays_frozen(operator: Operator) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "4.00")
    operator.freeze()
    assert outcome(operator.cancel(cancel_of("r1"))) is Outcome.REVERSED
    assert operator.balance().cash == Decimal(10)
    with operator.engine.connect() as connection:
        assert is_frozen(connection, "alice")


def test_an_equal_reference_of_another_provider_is_another_bet(operator: Operator) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "4.00", provider="Another")
    assert outcome(operator.cancel(cancel_of("r1"))) is Outcome.NO_BET
    assert operator.balance().cash == Decimal(6)


def test_with_hold_a_cancel_of_an_unknown_bet_is_parked_and_leaves_no_tombstone(
    operator: Operator,
) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "4.00")
    group = (cancel_of("r1"), cancel_of("r2"))
    known, unknown = operator.cancel(*group, hold_unknown=True)
    assert (known.outcome, unknown.outcome) == (Outcome.REVERSED, Outcome.PARKED)
    with operator.engine.connect() as connection:
        (row,) = connection.execute(text("SELECT request_id, reference, state FROM unbet.parked"))
    assert tuple(row) == (group[1].request_id, "r2", "parked")
    # The bet is imported while the operator moves over; its next cancel is decided.
    assert operator.bet("r2", "4.00").status is Status.DONE
    assert outcome(operator.cancel(cancel_of("r2"), hold_unknown=True)) is Outcome.REVERSED


def test_every_request_is_recorded_once_with_its_outcome(operator: Operator) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "4.00")
    group = [cancel_of("r1"), cancel_of("r1", user_id="mallory"), cancel_of("r2")]
    operator.cancel(*group)
    operator.cancel(*group)  # redelivered by the queue
    with operator.engine.connect() as connection:
        rows = connection.execute(
            text("SELECT request_id, outcome, body, received_from FROM unbet.requests")
        )
        recorded = {row.request_id: (row.outcome, row.body, row.received_from) for row in rows}
    assert recorded == {
        group[0].request_id: ("reversed", '{"as": "sent"}', "192.0.2.1"),
        group[1].request_id: ("mismatch", '{"as": "sent"}', "192.0.2.1"),
        group[2].request_id: ("no_bet", '{"as": "sent"}', "192.0.2.1"),
    }


def test_the_cash_told_counts_the_groups_other_reversals(operator: Operator) -> None:
    operator.deposit("10.00")
    operator.deposit("3.00", bonus=True)
    operator.bet("cash", "4.00")
    operator.bet("bonus", "3.00", stake_order=StakeOrder.BONUS_FIRST)
    told = {d.cash for d in operator.cancel(cancel_of("cash"), cancel_of("bonus"))}
    assert told == {Decimal(10)}


def test_a_late_bet_is_kept_once_however_often_it_is_sent(operator: Operator) -> None:
    operator.cancel(cancel_of("r1"))
    for _ in range(3):
        operator.bet("r1", "4.00")
    with operator.engine.connect() as connection:
        (row,) = connection.execute(
            text("SELECT reference, user_id, amount FROM unbet_ledger.late_bets")
        )
    assert tuple(row) == ("r1", "alice", Decimal(4))
