"""A person's closing of a cancel is a decision: the first one is final, it moves nothing, and only
a person takes it back.

(Over 250 lines: all of one state, and what opens, closes and races it serves all of them.)
"""

from decimal import Decimal
from typing import Final

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from tests.databases import url_as
from tests.ledger.closing import (
    RACES,
    Race,
    close,
    closed,
    keep,
    reopen,
    require_order,
    sweep,
    told,
)
from tests.making import Operator, cancel_of
from unbet import Refusal, Result, Status, connect_to
from unbet.core.message import Cancel
from unbet.core.outcomes import Outcome
from unbet.database.roles import Role
from unbet.journal.outcomes import find_outcomes
from unbet.journal.parking import list_parked, set_aside
from unbet.wallets.ledger.interventions import Closing


@pytest.fixture
def placed(operator: Operator) -> Cancel:
    """A cancel of a bet of 4.00 that stands; its player has 6.00 left."""
    operator.deposit("10.00")
    operator.bet("r1", "4.00")
    return cancel_of("r1")


def test_every_cancel_of_a_closed_bet_is_told_so_and_moves_nothing(
    engine: Engine, operator: Operator, placed: Cancel
) -> None:
    assert closed(engine, placed) is Outcome.CLOSED

    further = cancel_of("r1", uuid="another")
    with engine.connect() as connection:
        assert [d.outcome for d in find_outcomes(connection, [further])] == [Outcome.CLOSED]
    # The last one is the closed one itself, whose message comes only now.
    assert [d.outcome for d in operator.cancel(further, placed)] == [Outcome.CLOSED] * 2
    keep(engine, cancel_of("r1", uuid="parked too"))
    assert sweep(engine) == [Outcome.CLOSED]
    assert operator.balance().cash == 6
    require_order(engine)


def test_a_closed_bet_goes_on_standing_and_its_result_is_paid_once(
    engine: Engine, operator: Operator, placed: Cancel
) -> None:
    closed(engine, placed)

    assert operator.bet("r1", "4.00") == Result(status=Status.DONE, replayed=True)
    assert operator.settle("r1", "3.00").status is Status.DONE
    assert operator.settle("r1", "3.00").replayed
    assert told(operator) is Outcome.CLOSED
    assert operator.balance().cash == 9
    assert reopen(engine, placed)
    assert sweep(engine) == [Outcome.SETTLED]
    assert operator.balance().cash == 9
    require_order(engine)


def test_a_reopened_cancel_gives_the_stake_back_once(
    engine: Engine, operator: Operator, placed: Cancel
) -> None:
    closed(engine, placed)
    assert told(operator) is Outcome.CLOSED

    assert reopen(engine, placed)
    assert sweep(engine) == [Outcome.REVERSED]
    assert told(operator) is Outcome.REVERSED
    assert operator.balance().cash == 10
    require_order(engine)


def test_what_was_reopened_can_be_closed_again_though_its_message_came_meanwhile(
    engine: Engine, operator: Operator, placed: Cancel
) -> None:
    closed(engine, placed)
    assert operator.cancel(placed)[0].outcome is Outcome.CLOSED
    reopen(engine, placed)

    assert close(engine, placed) == Closing(True, Outcome.CLOSED)
    assert told(operator) is Outcome.CLOSED
    assert operator.balance().cash == 6


def test_a_bet_that_comes_after_its_cancel_was_closed_is_refused(
    engine: Engine, operator: Operator
) -> None:
    operator.deposit("10.00")
    cancel = cancel_of("r1")
    assert closed(engine, cancel) is Outcome.CLOSED

    assert operator.bet("r1", "4.00").refusal is Refusal.CANCELLED
    assert operator.settle("r1", "3.00").refusal is Refusal.CANCELLED
    assert told(operator) is Outcome.CLOSED
    reopen(engine, cancel)
    require_order(engine)
    assert operator.bet("r1", "4.00").refusal is Refusal.CANCELLED
    assert sweep(engine) == [Outcome.NO_BET]
    assert told(operator) is Outcome.NO_BET
    assert operator.balance().cash == 10
    require_order(engine)


@pytest.mark.parametrize("amount", ["4.00", "400.00"], ids=["settled", "refused"])
def test_of_a_bet_that_does_not_stand_the_cancel_is_closed_as_well(
    engine: Engine, operator: Operator, amount: str
) -> None:
    operator.deposit("10.00")
    operator.bet("r1", amount)
    operator.settle("r1", "0")
    cash = operator.balance().cash

    assert closed(engine, cancel_of("r1")) is Outcome.CLOSED
    assert told(operator) is Outcome.CLOSED
    assert operator.balance().cash == cash
    require_order(engine)


@pytest.mark.parametrize(
    ("wrong", "outcome"),
    [
        ({"user_id": "mallory"}, Outcome.MISMATCH),
        ({"currency": "USD"}, Outcome.CURRENCY_MISMATCH),
    ],
)
@pytest.mark.usefixtures("placed")
def test_a_closed_cancel_of_somebody_else_binds_nobody(
    engine: Engine, operator: Operator, wrong: dict[str, str], outcome: Outcome
) -> None:
    others = cancel_of("r1", **wrong)
    assert closed(engine, others) is outcome
    assert close(engine, others).outcome is outcome, "asked again it is said otherwise"

    assert told(operator, **wrong) is outcome
    assert told(operator) is Outcome.REVERSED
    assert operator.balance().cash == 10
    assert reopen(engine, others)
    assert sweep(engine) == [outcome]
    require_order(engine)


def test_what_was_decided_before_stays_and_is_said(
    engine: Engine, operator: Operator, placed: Cancel
) -> None:
    keep(engine, placed)
    further = cancel_of("r1", uuid="another")
    assert operator.cancel(further)[0].outcome is Outcome.REVERSED

    assert close(engine, placed) == Closing(True, Outcome.REVERSED)
    with engine.connect() as connection:
        (listed,) = list_parked(connection, states=["closed"], most=9)
    assert (listed.amount, listed.currency, listed.outcome) == (Decimal(4), "EUR", "reversed")
    assert close(engine, further) == Closing(False, Outcome.REVERSED)
    assert close(engine, cancel_of("unknown")) == Closing(False, None)
    assert told(operator) is Outcome.REVERSED
    require_order(engine)


def test_one_that_cannot_be_read_is_closed_and_binds_nobody(
    engine: Engine, operator: Operator, placed: Cancel
) -> None:
    with engine.begin() as connection:
        set_aside(connection, [placed], reason="content", error="unreadable", dead=True)
        connection.execute(text("UPDATE unbet.parked SET cancel = 'no JSON'"))

    assert close(engine, placed) == Closing(True, None)
    assert told(operator) is Outcome.REVERSED


@pytest.mark.parametrize("race", RACES)
def test_closing_or_reopening_at_the_same_moment_comes_to_one_of_both(
    engine: Engine, operator: Operator, race: Race
) -> None:
    race(engine, operator, 40)


INTERVENE: Final = """
    INSERT INTO unbet.interventions (request_id, provider, reference, action, made_by, reason)
    SELECT request_id, provider, reference, '{}', 'ann', 'a test' FROM unbet.parked
"""
FORGE: Final = """
    UPDATE unbet_ledger.bets
       SET outcome = 'closed', cancel_request_id = (SELECT request_id FROM unbet.parked)
"""
ERASE: Final = """
    UPDATE unbet_ledger.bets
       SET outcome = NULL, cancelled_at = NULL, cancel_request_id = NULL, cash_after = NULL
"""


@pytest.mark.parametrize("role", [Role.WORKER, Role.OPERATOR, Role.CONSOLE])
def test_nobody_closes_or_reopens_without_a_record_of_it(
    engine: Engine, database_url: str, placed: Cancel, role: Role
) -> None:
    mine = connect_to(url_as(role, database_url), name="test")

    def refused(*before: str, statement: str) -> None:
        with mine.connect() as connection:
            for recorded in before:
                connection.execute(text(recorded))
            with pytest.raises(DBAPIError, match=r"on record|permission denied"):
                connection.execute(text(statement))

    # On record, but with another action, or without having closed the parked cancel.
    record = [] if role is Role.WORKER else [INTERVENE.format("close")]
    keep(engine, placed)
    refused(statement=FORGE)
    refused(*record, statement=FORGE)
    close(engine, placed)
    refused(statement=ERASE)
    refused(*record, statement=ERASE)
    mine.dispose()


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.CONSOLE])
def test_the_record_of_one_closing_closes_no_other_bet(
    engine: Engine, database_url: str, placed: Cancel, operator: Operator, role: Role
) -> None:
    operator.bet("another", "1.00")
    keep(engine, placed)
    mine = connect_to(url_as(role, database_url), name="test")
    with mine.connect() as connection:
        connection.execute(text("UPDATE unbet.parked SET state = 'closed'"))
        connection.execute(text(INTERVENE.format("close")))
        with pytest.raises(DBAPIError, match="on record"):
            connection.execute(text(f"{FORGE}, cancelled_at = now() WHERE reference = 'another'"))
    mine.dispose()


@pytest.mark.parametrize(
    "change",
    [
        "state = 'reversed', outcome = 'reversed', reversal_id = 1",
        "outcome = 'settled'",
        "cancelled_at = now()",
        "cancel_request_id = gen_random_uuid()",
        "state = 'refused', refusal = 'x'",
        "state = 'settled', cash_after = 9",
        "state = 'settled', outcome = NULL",
        "outcome = NULL",
    ],
)
def test_of_a_closed_bet_nothing_else_changes(engine: Engine, placed: Cancel, change: str) -> None:
    closed(engine, placed)
    with (
        engine.connect() as connection,
        pytest.raises(DBAPIError, match=r"never changed|on record"),
    ):
        connection.execute(text(f"UPDATE unbet_ledger.bets SET {change}"))


@pytest.mark.parametrize(
    "change", ["outcome = 'reversed'", "outcome = 'no_bet'", "outcome = 'nonsense'"]
)
@pytest.mark.usefixtures("placed")
def test_an_outcome_that_does_not_fit_the_bet_is_refused(engine: Engine, change: str) -> None:
    with engine.connect() as connection, pytest.raises(DBAPIError, match="fits_its_state"):
        connection.execute(text(f"UPDATE unbet_ledger.bets SET {change}"))
