"""Withdrawals: cash is held once per reference, and leaves or comes back once."""

from decimal import Decimal
from functools import partial

import pytest
from sqlalchemy import text

from tests.ledger.test_concurrency import AT_ONCE, at_once
from tests.making import Operator, cancel_of
from unbet import (
    Balance,
    EndKind,
    InvalidOperationError,
    Refusal,
    Result,
    Status,
    Withdrawal,
    WithdrawalEnd,
    end_all,
    hold_all,
    transact,
)
from unbet.wallets.ledger.audit import audit

DONE = Result(status=Status.DONE)
AGAIN = Result(status=Status.DONE, replayed=True)


def test_what_is_held_can_be_spent_no_more_and_leaves_when_it_is_completed(
    operator: Operator,
) -> None:
    operator.deposit("10.00")
    assert operator.withdraw("w1", "7.00") == DONE
    assert operator.balance() == Balance(cash=Decimal(3), bonus=Decimal(0), held=Decimal(7))
    assert operator.bet("r1", "3.01").refusal is Refusal.INSUFFICIENT_FUNDS
    assert operator.complete("w1") == DONE
    assert operator.balance() == Balance(cash=Decimal(3), bonus=Decimal(0))
    with operator.engine.connect() as connection:
        outside = text("""
            SELECT sum(amount) FROM unbet_ledger.entries
              JOIN unbet_ledger.accounts ON accounts.id = account_id AND kind = 'funding'
        """)
        assert connection.execute(outside).scalar() == Decimal(-3)


def test_what_is_released_is_cash_again(operator: Operator) -> None:
    operator.deposit("10.00")
    operator.withdraw("w1", "7.00")
    assert operator.release("w1") == DONE
    assert operator.balance() == Balance(cash=Decimal(10), bonus=Decimal(0))


def test_each_step_again_changes_nothing(operator: Operator) -> None:
    operator.deposit("10.00")
    for reference, end in (("w1", operator.complete), ("w2", operator.release)):
        assert [operator.withdraw(reference, "2.00") for _ in range(2)] == [DONE, AGAIN]
        assert [end(reference) for _ in range(2)] == [DONE, AGAIN]
        assert operator.withdraw(reference, "2.00") == AGAIN
    assert operator.balance() == Balance(cash=Decimal(8), bonus=Decimal(0))


def test_a_withdrawal_has_one_end(operator: Operator) -> None:
    operator.deposit("10.00")
    operator.withdraw("w1", "2.00")
    operator.withdraw("w2", "2.00")
    operator.complete("w1")
    operator.release("w2")
    assert operator.release("w1").refusal is Refusal.WITHDRAWAL_COMPLETED
    assert operator.complete("w2").refusal is Refusal.WITHDRAWAL_RELEASED
    assert operator.balance() == Balance(cash=Decimal(8), bonus=Decimal(0))


@pytest.mark.parametrize(
    ("user_id", "currency", "amount"),
    [("bob", "EUR", "2.00"), ("alice", "USD", "2.00"), ("alice", "EUR", "2.01")],
)
def test_a_reference_with_other_details_is_a_conflict(
    operator: Operator, user_id: str, currency: str, amount: str
) -> None:
    operator.deposit("10.00")
    operator.deposit("10.00", user_id="bob")
    operator.withdraw("w1", "2.00")
    result = operator.withdraw("w1", amount, user_id=user_id, currency=currency)
    assert result == Result(status=Status.CONFLICT)
    assert operator.balance() == Balance(cash=Decimal(8), bonus=Decimal(0), held=Decimal(2))
    assert operator.balance("bob").cash == Decimal(10)


def test_bonus_cannot_be_withdrawn_and_a_refusal_is_final(operator: Operator) -> None:
    operator.deposit("1.00")
    operator.deposit("10.00", bonus=True)
    refused = operator.withdraw("w1", "2.00")
    assert (refused.status, refused.refusal) == (Status.REFUSED, Refusal.INSUFFICIENT_FUNDS)
    operator.deposit("10.00")
    assert operator.withdraw("w1", "2.00") == refused.model_copy(update={"replayed": True})
    assert operator.withdraw("w1", "3.00").status is Status.CONFLICT
    for end in (operator.complete, operator.release):
        assert end("w1").refusal is Refusal.WITHDRAWAL_REFUSED
    assert operator.balance() == Balance(cash=Decimal(11), bonus=Decimal(10))


def test_a_player_that_is_not_known_has_nothing_to_withdraw(operator: Operator) -> None:
    assert operator.withdraw("w1", "0.01").refusal is Refusal.INSUFFICIENT_FUNDS
    assert operator.balance() == Balance(cash=Decimal(0), bonus=Decimal(0))


def test_the_end_of_an_unknown_withdrawal_leaves_no_trace(operator: Operator) -> None:
    for end in (operator.complete, operator.release):
        assert end("w1") == Result(status=Status.REFUSED, refusal=Refusal.UNKNOWN_WITHDRAWAL)
    operator.deposit("10.00")
    operator.withdraw("w1", "7.00")
    assert operator.complete("w1") == DONE


def test_a_freeze_bars_new_withdrawals_and_neither_end_of_those_that_are_held(
    operator: Operator,
) -> None:
    operator.deposit("10.00")
    operator.withdraw("w1", "2.00")
    operator.withdraw("w2", "3.00")
    operator.freeze()
    assert operator.withdraw("w3", "1.00").refusal is Refusal.PLAYER_FROZEN
    assert operator.withdraw("w1", "2.00") == AGAIN
    assert (operator.complete("w1"), operator.release("w2")) == (DONE, DONE)
    operator.unfreeze()
    assert operator.withdraw("w3", "1.00").refusal is Refusal.PLAYER_FROZEN
    assert operator.balance() == Balance(cash=Decimal(8), bonus=Decimal(0))


def test_a_cancel_gives_a_stake_back_beside_what_is_held(operator: Operator) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "4.00")
    operator.withdraw("w1", "6.00")
    (decision,) = operator.cancel(cancel_of("r1"))
    assert decision.cash == Decimal(4)
    assert operator.balance() == Balance(cash=Decimal(4), bonus=Decimal(0), held=Decimal(6))


def test_eighteen_decimals_are_exact_to_the_last(operator: Operator) -> None:
    most = "99999999999999999999.999999999999999999"
    operator.deposit(most)
    operator.withdraw("w1", "0.000000000000000001")
    assert operator.balance().cash == Decimal("99999999999999999999.999999999999999998")
    operator.release("w1")
    assert operator.withdraw("w2", most) == DONE
    assert operator.balance() == Balance(cash=Decimal(0), bonus=Decimal(0), held=Decimal(most))


@pytest.mark.parametrize("amount", ["0", "0.00", "-1.00", "1.0000000000000000001", "1e3", 1.0, 1])
def test_an_amount_that_is_not_exact_and_above_zero_is_refused(amount: object) -> None:
    with pytest.raises(InvalidOperationError, match="amount"):
        Withdrawal(user_id="alice", currency="EUR", amount=amount, reference="w1")


def test_a_group_is_decided_in_its_order(operator: Operator) -> None:
    operator.deposit("10.00")

    def of(reference: str, amount: str) -> Withdrawal:
        return Withdrawal(user_id="alice", currency="EUR", amount=amount, reference=reference)

    group = [of("w1", "6.00"), of("w2", "6.00"), of("w3", "4.00"), of("w1", "6.00"), of("w2", "1")]
    results = transact(operator.engine, lambda connection: hold_all(connection, group))
    assert [(result.status, result.replayed) for result in results] == [
        (Status.DONE, False),
        (Status.REFUSED, False),
        (Status.DONE, False),
        (Status.DONE, True),
        (Status.CONFLICT, False),
    ]
    ends = [
        WithdrawalEnd(reference=reference, kind=kind)
        for reference, kind in (
            ("w3", EndKind.RELEASE),
            ("w1", EndKind.COMPLETION),
            ("w3", EndKind.RELEASE),
            ("w3", EndKind.COMPLETION),
            ("w2", EndKind.RELEASE),
            ("w4", EndKind.RELEASE),
        )
    ]
    results = transact(operator.engine, lambda connection: end_all(connection, ends))
    assert [(result.status, result.replayed, result.refusal) for result in results] == [
        (Status.DONE, False, None),
        (Status.DONE, False, None),
        (Status.DONE, True, None),
        (Status.REFUSED, True, Refusal.WITHDRAWAL_RELEASED),
        (Status.REFUSED, False, Refusal.WITHDRAWAL_REFUSED),
        (Status.REFUSED, False, Refusal.UNKNOWN_WITHDRAWAL),
    ]
    assert operator.balance() == Balance(cash=Decimal(4), bonus=Decimal(0))
    with operator.engine.connect() as connection:
        assert audit(connection).violations == ()


def test_the_same_withdrawal_at_once_is_held_once(operator: Operator) -> None:
    operator.deposit("100.00")
    results = at_once(*[lambda: operator.withdraw("w1", "7.00")] * AT_ONCE)
    assert sorted(result.replayed for result in results) == [False] + [True] * (AT_ONCE - 1)
    assert operator.balance() == Balance(cash=Decimal(93), bonus=Decimal(0), held=Decimal(7))


def test_withdrawals_at_once_take_no_more_than_there_is(operator: Operator) -> None:
    operator.deposit("10.00")
    calls = [partial(operator.withdraw, f"w{number}", "3.00") for number in range(AT_ONCE)]
    results = at_once(*calls)
    assert [result.status for result in results].count(Status.DONE) == 3
    assert operator.balance() == Balance(cash=Decimal(1), bonus=Decimal(0), held=Decimal(9))


@pytest.mark.timeout(120)
def test_both_ends_at_once_are_one(operator: Operator) -> None:
    operator.deposit("100.00")
    for number in range(20):
        reference = f"w{number}"
        operator.withdraw(reference, "1.00")
        both = [partial(end, reference) for end in (operator.complete, operator.release)] * 2
        results = at_once(*both)
        assert [result == DONE for result in results].count(True) == 1
    held = operator.balance()
    assert held.held == 0
    with operator.engine.connect() as connection:
        assert audit(connection).violations == ()


def test_a_reference_of_two_players_at_once_is_one_players(operator: Operator) -> None:
    operator.deposit("100.00")
    operator.deposit("100.00", user_id="bob")
    for number in range(20):
        calls = [
            partial(operator.withdraw, f"w{number}", "1.00", user_id=user)
            for user in ("alice", "bob")
        ]
        results = at_once(*calls)
        assert sorted(result.status for result in results) == [Status.CONFLICT, Status.DONE]
    assert operator.balance("alice").held + operator.balance("bob").held == 20
