"""Corrections, by a person and on record, and bonus that becomes cash: each once per reference."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from tests.ledger.test_concurrency import AT_ONCE, at_once
from tests.making import Operator
from unbet import (
    Balance,
    BalanceType,
    BonusConversion,
    Correction,
    Direction,
    InvalidOperationError,
    Refusal,
    Result,
    Status,
    convert_all,
    correct_all,
    transact,
)
from unbet.wallets.ledger.audit import audit

DONE = Result(status=Status.DONE)
AGAIN = Result(status=Status.DONE, replayed=True)

CREDIT, DEBIT = Direction.CREDIT, Direction.DEBIT


def held(cash: str, bonus: str = "0") -> Balance:
    return Balance(cash=Decimal(cash), bonus=Decimal(bonus))


def test_a_correction_goes_in_either_direction_on_either_balance(operator: Operator) -> None:
    operator.deposit("10.00")
    assert operator.correct("c1", "2.50") == DONE
    assert operator.correct("c2", "0.50", DEBIT) == DONE
    assert operator.correct("c3", "5.00", balance_type=BalanceType.BONUS) == DONE
    assert operator.correct("c4", "1.00", DEBIT, balance_type=BalanceType.BONUS) == DONE
    assert operator.balance() == held("12.00", "4.00")
    with operator.engine.connect() as connection:
        operators_side = text("""
            SELECT sum(amount) FROM unbet_ledger.entries
              JOIN unbet_ledger.accounts ON accounts.id = account_id AND kind = 'correction'
        """)
        assert connection.execute(operators_side).scalar() == Decimal(-6)
    with operator.engine.connect() as connection:
        assert audit(connection).violations == ()


def test_a_credit_makes_an_account_for_a_player_that_is_not_known(operator: Operator) -> None:
    assert operator.correct("c1", "2.50", user_id="carol") == DONE
    assert operator.balance("carol") == held("2.50")


def test_a_debit_of_more_than_the_balance_is_refused_for_good(operator: Operator) -> None:
    operator.deposit("1.00")
    operator.deposit("9.00", bonus=True)
    refused = operator.correct("c1", "1.01", DEBIT)
    assert (refused.status, refused.refusal) == (Status.REFUSED, Refusal.INSUFFICIENT_FUNDS)
    operator.deposit("10.00")
    assert operator.correct("c1", "1.01", DEBIT) == refused.model_copy(update={"replayed": True})
    assert operator.correct("c2", "11.00", DEBIT) == DONE
    assert operator.balance() == held("0", "9.00")


def test_the_same_correction_again_changes_nothing(operator: Operator) -> None:
    assert [operator.correct("c1", "2.50") for _ in range(2)] == [DONE, AGAIN]
    assert operator.balance() == held("2.50")


@pytest.mark.parametrize(
    "other",
    [
        {"amount": "2.51"},
        {"direction": DEBIT},
        {"user_id": "bob"},
        {"reason": "for another reason"},
        {"made_by": "bob"},
        {"balance_type": BalanceType.BONUS},
    ],
)
def test_a_correction_with_anything_else_under_its_reference_is_a_conflict(
    operator: Operator, other: dict[str, Any]
) -> None:
    operator.correct("c1", "2.50")
    assert operator.correct("c1", **{"amount": "2.50"} | other) == Result(status=Status.CONFLICT)
    assert operator.balance() == held("2.50")
    assert operator.balance("bob") == held("0")


def test_a_frozen_players_balance_can_be_corrected_but_its_bonus_not_converted(
    operator: Operator,
) -> None:
    operator.deposit("5.00", bonus=True)
    operator.freeze()
    assert operator.correct("c1", "2.50") == DONE
    assert operator.correct("c2", "0.50", DEBIT) == DONE
    assert operator.convert("b1", "1.00").refusal is Refusal.PLAYER_FROZEN
    operator.unfreeze()
    assert operator.convert("b1", "1.00").refusal is Refusal.PLAYER_FROZEN
    assert operator.convert("b2", "1.00") == DONE
    assert operator.balance() == held("3.00", "4.00")


@pytest.mark.parametrize("field", ["reason", "made_by"])
@pytest.mark.parametrize("value", ["", "  ", None, "x" * 501, "a\0b"])
def test_a_correction_without_a_reason_or_a_name_is_refused(field: str, value: object) -> None:
    fields: dict[str, object] = {
        "user_id": "alice",
        "currency": "EUR",
        "amount": "1.00",
        "direction": "debit",
        "reference": "c1",
        "reason": "counted wrongly",
        "made_by": "ann",
    }
    assert Correction(**fields).direction is DEBIT
    with pytest.raises(InvalidOperationError, match=field):
        Correction(**fields | {field: value})
    del fields[field]
    with pytest.raises(InvalidOperationError, match=field):
        Correction(**fields)


def test_bonus_becomes_cash_once(operator: Operator) -> None:
    operator.deposit("1.00")
    operator.deposit("5.00", bonus=True)
    assert [operator.convert("b1", "3.50") for _ in range(2)] == [DONE, AGAIN]
    assert operator.convert("b1", "3.51") == Result(status=Status.CONFLICT)
    assert operator.convert("b1", "3.50", user_id="bob") == Result(status=Status.CONFLICT)
    assert operator.balance() == held("4.50", "1.50")


def test_more_bonus_than_there_is_is_refused_for_good(operator: Operator) -> None:
    operator.deposit("9.00")
    refused = operator.convert("b1", "0.01")
    assert refused.refusal is Refusal.INSUFFICIENT_FUNDS
    operator.deposit("5.00", bonus=True)
    assert operator.convert("b1", "0.01") == refused.model_copy(update={"replayed": True})
    assert operator.balance() == held("9.00", "5.00")


def test_each_kind_of_operation_has_references_of_its_own(operator: Operator) -> None:
    operator.deposit("5.00", reference="x")
    operator.deposit("5.00", bonus=True)
    done = [
        operator.correct("x", "1.00"),
        operator.convert("x", "1.00"),
        operator.withdraw("x", "1.00"),
        operator.complete("x"),
    ]
    assert done == [DONE] * 4
    assert operator.balance() == held("6.00", "4.00")


def test_eighteen_decimals_are_exact_to_the_last(operator: Operator) -> None:
    least = "0.000000000000000001"
    operator.deposit("10.00")
    operator.deposit("10.00", bonus=True)
    operator.correct("c1", least, DEBIT)
    operator.convert("b1", least)
    assert operator.balance() == held("10.00", "9.999999999999999999")


@pytest.mark.parametrize("amount", ["0", "-1.00", "1.0000000000000000001", 1.0, 1])
def test_an_amount_that_is_not_exact_and_above_zero_is_refused(amount: object) -> None:
    with pytest.raises(InvalidOperationError, match="amount"):
        BonusConversion(user_id="alice", currency="EUR", amount=amount, reference="b1")
    with pytest.raises(InvalidOperationError, match="amount"):
        Correction(
            user_id="alice",
            currency="EUR",
            amount=amount,
            direction=CREDIT,
            reference="c1",
            reason="counted wrongly",
            made_by="ann",
        )


def test_groups_are_decided_in_their_order(operator: Operator) -> None:
    def correction(reference: str, direction: Direction) -> Correction:
        return Correction(
            user_id="alice",
            currency="EUR",
            amount="4.00",
            direction=direction,
            reference=reference,
            reason="counted wrongly",
            made_by="ann",
            balance_type=BalanceType.BONUS,
        )

    def conversion(reference: str) -> BonusConversion:
        return BonusConversion(user_id="alice", currency="EUR", amount="3.00", reference=reference)

    corrections = [
        correction(reference, direction)
        for reference, direction in (
            *(("c1", DEBIT), ("c2", CREDIT), ("c3", DEBIT), ("c1", DEBIT), ("c4", CREDIT)),
            *(("c2", DEBIT), ("c5", CREDIT)),
        )
    ]
    results = transact(operator.engine, lambda connection: correct_all(connection, corrections))
    refused, conflict = Status.REFUSED, Status.CONFLICT
    assert [result.status for result in results] == [
        *(refused, Status.DONE, Status.DONE, refused, Status.DONE, conflict, Status.DONE)
    ]
    conversions = [conversion(f"b{number}") for number in range(3)]
    results = transact(operator.engine, lambda connection: convert_all(connection, conversions))
    assert [result.status for result in results] == [Status.DONE, Status.DONE, refused]
    assert operator.balance() == held("6.00", "2.00")
    with operator.engine.connect() as connection:
        assert audit(connection).violations == ()


@pytest.mark.parametrize(
    "operate",
    [
        lambda operator: operator.correct("x", "7.00", DEBIT),
        lambda operator: operator.convert("x", "7.00"),
    ],
)
def test_the_same_operation_at_once_is_done_once(
    operator: Operator, operate: Callable[[Operator], Result]
) -> None:
    operator.deposit("100.00")
    operator.deposit("100.00", bonus=True)
    results = at_once(*[lambda: operate(operator)] * AT_ONCE)
    assert sorted(result.replayed for result in results) == [False] + [True] * (AT_ONCE - 1)
    assert operator.balance() in (held("93.00", "100.00"), held("107.00", "93.00"))
