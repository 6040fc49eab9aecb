"""Bets: what they take, and that a reference's first decision is final."""

from decimal import Decimal

import pytest

import unbet
from tests.making import Operator, bet_of, cancel_of
from unbet import BalanceType, InvalidOperationError, Refusal, StakeOrder, Status


def test_a_bet_takes_its_stake_from_cash(operator: Operator) -> None:
    operator.deposit("20.00")
    assert operator.bet("r1", "12.50").status is Status.DONE
    assert operator.balance().cash == Decimal("7.50")


def test_a_stake_takes_the_rest_from_bonus_when_cash_does_not_suffice(operator: Operator) -> None:
    operator.deposit("5.00")
    operator.deposit("10.00", bonus=True)
    operator.bet("r1", "8.00")
    assert operator.balance() == operator.balance().model_copy(
        update={"cash": Decimal(0), "bonus": Decimal(7)}
    )


def test_a_stake_can_be_taken_from_bonus_first(operator: Operator) -> None:
    operator.deposit("5.00")
    operator.deposit("10.00", bonus=True)
    operator.bet("r1", "12.00", stake_order=StakeOrder.BONUS_FIRST)
    assert (operator.balance().cash, operator.balance().bonus) == (Decimal(3), Decimal(0))


def test_a_bet_without_enough_money_is_refused_and_takes_nothing(operator: Operator) -> None:
    operator.deposit("5.00")
    result = operator.bet("r1", "5.01")
    assert (result.status, result.refusal) == (Status.REFUSED, Refusal.INSUFFICIENT_FUNDS)
    assert operator.balance().cash == Decimal(5)


def test_a_refused_bet_stays_refused_after_a_deposit(operator: Operator) -> None:
    operator.bet("r1", "5.00")
    operator.deposit("100.00")
    again = operator.bet("r1", "5.00")
    assert (again.status, again.replayed) == (Status.REFUSED, True)
    assert again.refusal is Refusal.INSUFFICIENT_FUNDS
    assert operator.balance().cash == Decimal(100)


def test_a_frozen_players_bet_is_refused_and_stays_refused_after_unfreezing(
    operator: Operator,
) -> None:
    operator.deposit("100.00")
    operator.freeze()
    assert operator.bet("r1", "5.00").refusal is Refusal.PLAYER_FROZEN
    operator.unfreeze()
    assert operator.bet("r1", "5.00").refusal is Refusal.PLAYER_FROZEN
    assert operator.bet("r2", "5.00").status is Status.DONE


def test_a_repeated_bet_is_replayed_and_takes_nothing_again(operator: Operator) -> None:
    operator.deposit("20.00")
    operator.bet("r1", "5.00")
    again = operator.bet("r1", "5.00")
    assert (again.status, again.replayed) == (Status.DONE, True)
    assert operator.balance().cash == Decimal(15)


@pytest.mark.parametrize(
    ("user_id", "currency", "amount"),
    [("bob", "EUR", "5.00"), ("alice", "USD", "5.00"), ("alice", "EUR", "5.01")],
    ids=["user_id", "currency", "amount"],
)
def test_the_same_reference_with_other_details_is_a_conflict(
    operator: Operator, user_id: str, currency: str, amount: str
) -> None:
    operator.deposit("20.00")
    operator.deposit("20.00", user_id="bob")
    operator.deposit("20.00", currency="USD")
    operator.bet("r1", "5.00")
    again = operator.bet("r1", amount, user_id=user_id, currency=currency)
    assert again.status is Status.CONFLICT
    assert operator.balance().cash == Decimal(15)
    assert operator.balance("bob").cash == Decimal(20)
    assert operator.balance(currency="USD").cash == Decimal(20)


def test_equal_references_of_two_providers_are_two_bets(operator: Operator) -> None:
    operator.deposit("20.00")
    operator.bet("r1", "5.00")
    assert operator.bet("r1", "5.00", provider="Another").replayed is False
    assert operator.balance().cash == Decimal(10)


def test_references_that_differ_in_case_are_two_bets(operator: Operator) -> None:
    operator.deposit("20.00")
    operator.bet("abc", "5.00")
    assert operator.bet("ABC", "5.00").replayed is False


def test_a_stake_of_zero_is_placed_without_entries(operator: Operator) -> None:
    assert operator.bet("r1", "0").status is Status.DONE
    assert operator.cancel(cancel_of("r1"))[0].outcome == "reversed"
    assert operator.balance().cash == Decimal(0)


def test_a_batch_decides_in_its_order_and_once_per_reference(operator: Operator) -> None:
    from unbet import place_all

    operator.deposit("10.00")
    with operator.engine.begin() as connection:
        results = place_all(
            connection,
            [
                bet_of("r1", "6.00"),
                bet_of("r2", "6.00"),
                bet_of("r3", "4.00"),
                bet_of("r1", "6.00"),
                bet_of("r1", "7.00"),
                bet_of("r2", "6.00"),
            ],
        )
    assert [(r.status.value, r.replayed) for r in results] == [
        ("done", False),
        ("refused", False),
        ("done", False),
        ("done", True),
        ("conflict", False),
        ("refused", True),
    ]
    assert operator.balance().cash == Decimal(0)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", "-1"),
        ("amount", "1e3"),
        ("amount", "1_000"),
        ("amount", "NaN"),
        ("amount", 1.5),
        ("amount", True),
        ("amount", "0.0000000000000000001"),
        ("amount", "123456789012345678901"),
        ("user_id", ""),
        ("user_id", "x" * 256),
        ("user_id", "nul\x00"),
        ("currency", "E"),
        ("reference", "   "),
        ("provider", 7),
    ],
)
def test_a_wrong_value_is_refused_with_the_fields_name(field: str, value: object) -> None:
    with pytest.raises(InvalidOperationError, match=f"^{field}: "):
        bet_of(**({"reference": "r1"} | {field: value}))  # type: ignore[arg-type]


def test_deposits_count_once_per_reference(operator: Operator) -> None:
    assert operator.deposit("5.00", reference="d1").replayed is False
    assert operator.deposit("5.00", reference="d1").replayed is True
    assert operator.deposit("6.00", reference="d1").status is Status.CONFLICT
    assert operator.deposit("5.00", reference="d1", bonus=True).status is Status.CONFLICT
    assert operator.balance().cash == Decimal(5)
    assert operator.balance().bonus == Decimal(0)


def test_the_balance_types_are_named_as_in_the_accounts() -> None:
    assert [one.value for one in BalanceType] == ["cash", "bonus"]


def test_operators_code_may_use_the_former_name_of_the_balance_type() -> None:
    assert unbet.Purse is BalanceType
    given = {"user_id": "alice", "currency": "EUR", "amount": "1.00", "reference": "d1"}
    former = unbet.Deposit(**given | {"purse": "bonus"})
    assert former == unbet.Deposit(**given | {"balance_type": "bonus"})
    assert former.balance_type is BalanceType.BONUS
    with pytest.raises(InvalidOperationError, match="purse"):
        unbet.Deposit(**given | {"purse": "bonus", "balance_type": "cash"})
