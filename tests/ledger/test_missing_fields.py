"""Cancels that do not say the player, the currency or the stake, or that do: what is not said is
the bet's own, and only what is said is compared."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from tests.making import Operator, cancel_of
from unbet import Refusal
from unbet.core.message import Decision
from unbet.core.outcomes import Outcome
from unbet.journal.outcomes import find_outcomes
from unbet.journal.parking import park
from unbet.wallets.ledger.audit import audit
from unbet.wallets.ledger.interventions import close_parked, reopen_parked

NOTHING: dict[str, Any] = {"user_id": None, "currency": None}
PERSON = {"made_by": "anna", "reason": "by hand"}


def told(decision: Decision) -> tuple[Outcome, str | None, Decimal | None]:
    return decision.outcome, decision.currency, decision.cash


def require_sound(engine: Engine) -> None:
    with engine.connect() as connection:
        assert audit(connection).violations == ()


@pytest.fixture
def bet(operator: Operator) -> Operator:
    operator.deposit("10.00")
    operator.bet("r1", "4.00")
    return operator


@pytest.mark.parametrize(
    "said",
    [
        {"user_id": None},
        {"currency": None},
        NOTHING,
        {"amount": "4"},
        {**NOTHING, "amount": "4.000"},
    ],
)
def test_what_is_not_said_is_the_bets_own(bet: Operator, said: dict[str, Any]) -> None:
    cancel = cancel_of("r1", **said)
    (decision,) = bet.cancel(cancel)
    assert told(decision) == (Outcome.REVERSED, "EUR", Decimal(10))
    with bet.engine.connect() as connection:
        assert find_outcomes(connection, [cancel]) == [decision]
        recorded = connection.execute(text("SELECT user_id, currency, amount FROM unbet.requests"))
        assert recorded.one() == (cancel.player, cancel.currency, cancel.amount)


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ({"user_id": "bob", "currency": None}, Outcome.MISMATCH),
        ({"user_id": None, "currency": "USD"}, Outcome.CURRENCY_MISMATCH),
        ({**NOTHING, "amount": "4.01"}, Outcome.AMOUNT_MISMATCH),
        ({"amount": "4.000000000000000001"}, Outcome.AMOUNT_MISMATCH),
        # Of two that do not match, the first of the table is told.
        ({"user_id": "bob", "amount": "9"}, Outcome.MISMATCH),
        ({"currency": "USD", "amount": "9"}, Outcome.CURRENCY_MISMATCH),
    ],
)
def test_what_is_said_is_compared_and_a_mismatch_tells_and_binds_nothing(
    bet: Operator, said: dict[str, Any], outcome: Outcome
) -> None:
    wrong = cancel_of("r1", **said)
    for _ in range(2):
        (decision,) = bet.cancel(wrong)
        assert told(decision) == (outcome, wrong.currency, None)
        assert decision.transfer_id is None
        assert not decision.replayed
    (right,) = bet.cancel(cancel_of("r1"))
    assert right.outcome is Outcome.REVERSED
    assert not right.replayed
    # Nor after the bet is decided.
    again = cancel_of("r1", **said)
    (decision,) = bet.cancel(again)
    assert told(decision) == (outcome, again.currency, None)
    assert decision.transfer_id is None
    with bet.engine.connect() as connection:
        (read,) = find_outcomes(connection, [again])
        assert read == decision
    require_sound(bet.engine)


def test_a_stake_is_compared_by_whoever_may_read_stakes(bet: Operator) -> None:
    bet.cancel(cancel_of("r1"))
    with bet.engine.connect() as connection:
        # A receiver may not, and so does not know whether these are about the bet.
        asked = [cancel_of("r1", amount=amount) for amount in ("4.00", "5.00")]
        assert find_outcomes(connection, asked) == []


@pytest.mark.parametrize("said", [{"user_id": None}, {"currency": None}, NOTHING])
def test_the_late_bet_is_refused_whatever_its_cancel_did_not_say(
    operator: Operator, said: dict[str, Any]
) -> None:
    operator.deposit("10.00")
    (decision,) = operator.cancel(cancel_of("r1", **said))
    assert decision.outcome is Outcome.NO_BET
    assert operator.bet("r1", "4.00").refusal is Refusal.CANCELLED
    assert operator.balance().cash == Decimal(10)
    with operator.engine.connect() as connection:
        tombstone = text("SELECT user_id, currency FROM unbet_ledger.bets")
        cancel = cancel_of("r1", **said)
        # Of a player who has one account its currency is known.
        currency = cancel.currency or (cancel.player and "EUR")
        assert connection.execute(tombstone).one() == (cancel.player, currency)
    require_sound(operator.engine)


def test_an_unknown_bet_in_no_currency_tells_the_cash_of_a_player_who_has_one(
    operator: Operator,
) -> None:
    operator.deposit("10.00")
    operator.deposit("3.00", user_id="bob")
    operator.deposit("5.00", user_id="bob", currency="USD")
    asked = {
        "one": cancel_of("one", currency=None),
        "two": cancel_of("two", user_id="bob", currency=None),
        "named": cancel_of("named", user_id="bob", currency="USD"),
        "none": cancel_of("none", user_id="carol", currency=None),
        "nobody": cancel_of("nobody", user_id=None),
    }
    cash = {d.request_id: d.cash for d in operator.cancel(*asked.values())}
    assert {name: cash[cancel.request_id] for name, cancel in asked.items()} == {
        "one": Decimal(10),
        "two": None,
        "named": Decimal(5),
        "none": None,
        "nobody": None,
    }


def test_a_tombstone_that_names_a_player_tells_no_other_what_that_one_has(
    operator: Operator,
) -> None:
    operator.deposit("10.00")
    first, other = cancel_of("r1", currency=None), cancel_of("r1", user_id="bob", currency=None)
    assert [d.cash for d in operator.cancel(first, other)] == [Decimal(10), None]
    with operator.engine.connect() as connection:
        found = find_outcomes(connection, [cancel_of("r1", user_id="bob", currency=None)])
    assert [told(d) for d in found] == [(Outcome.NO_BET, None, None)]
    assert not found[0].replayed
    (unnamed,) = operator.cancel(cancel_of("r2", user_id=None))
    (named,) = operator.cancel(cancel_of("r2", user_id="bob"))
    assert told(unnamed) == told(named) == (Outcome.NO_BET, "EUR", None)
    assert named.replayed


def test_only_a_tombstone_may_lack_its_player_or_currency(bet: Operator) -> None:
    copy = """
        INSERT INTO unbet_ledger.bets (provider, reference, state, user_id, currency, amount)
        SELECT provider, 'r2', state, {user_id}, {currency}, amount FROM unbet_ledger.bets
    """
    columns = {"user_id": "user_id", "currency": "currency"}
    for column in columns:
        with bet.engine.connect() as connection, pytest.raises(IntegrityError, match="a_bet_has_a"):
            connection.execute(text(copy.format(**(columns | {column: "NULL"}))))


@pytest.mark.parametrize("said", [{"user_id": None}, {"currency": None}, NOTHING])
def test_one_that_does_not_say_it_is_closed_and_reopened(
    bet: Operator, engine: Engine, said: dict[str, Any]
) -> None:
    for reference in ("r1", "unknown"):
        cancel = cancel_of(reference, **said)
        with engine.begin() as connection:
            park(connection, [cancel], reason="test")
            done = close_parked(connection, cancel.request_id, **PERSON)
        assert done.outcome is Outcome.CLOSED
        (again,) = bet.cancel(cancel_of(reference, **said))
        assert again.outcome is (Outcome.CLOSED)
        with engine.begin() as connection:
            assert reopen_parked(connection, cancel.request_id, **PERSON)
        expected = Outcome.REVERSED if reference == "r1" else Outcome.NO_BET
        (decided,) = bet.cancel(cancel_of(reference, **said))
        assert decided.outcome is expected
    assert bet.bet("unknown", "1.00").refusal is Refusal.CANCELLED
    assert bet.balance().cash == Decimal(10)


def test_a_closed_cancel_of_another_stake_binds_no_bet(bet: Operator, engine: Engine) -> None:
    wrong, right = cancel_of("r1", amount="9.00"), cancel_of("r1", amount="4.00")
    with engine.begin() as connection:
        park(connection, [wrong], reason="test")
        done = close_parked(connection, wrong.request_id, **PERSON)
    assert done.outcome is Outcome.AMOUNT_MISMATCH
    assert bet.cancel(right)[0].outcome is Outcome.REVERSED


def test_replayed_is_what_another_request_had_before(bet: Operator) -> None:
    first, second = cancel_of("r1"), cancel_of("r1")
    # In one group, the same request sent again after a lost reply, and a later request.
    assert [d.replayed for d in bet.cancel(first, second)] == [False, True]
    assert [d.replayed for d in bet.cancel(first)] == [False]
    assert [d.replayed for d in bet.cancel(cancel_of("r1"))] == [True]
    with bet.engine.connect() as connection:
        asked = [first, second, cancel_of("r1")]
        found = {d.request_id: d.replayed for d in find_outcomes(connection, asked)}
    assert [found[one.request_id] for one in asked] == [False, True, True]
