"""What a receiver, with its rights, finds in the journal of a cancel that a wallet other than the
ledger decided."""

from collections.abc import Iterator
from decimal import Decimal

import orjson
import pytest
from sqlalchemy import Engine

from tests.databases import url_as
from tests.ledger.closing import closed, keep
from tests.making import Operator, cancel_of
from unbet import connect_to
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.database.roles import Role
from unbet.dialects import DIALECTS
from unbet.dialects.answers import AnswerContext
from unbet.dialects.body import render
from unbet.journal.outcomes import find_outcomes
from unbet.journal.recording import Record, record_requests
from unbet.journal.routes import OTHERS, record_routes

CASH = Decimal("10.000000000000000001")


@pytest.fixture
def receiver(database_url: str) -> Iterator[Engine]:
    made = connect_to(url_as(Role.RECEIVER, database_url), name="test", pool_size=1)
    yield made
    made.dispose()


def record(
    engine: Engine, cancel: Cancel, outcome: Outcome, ref: str | None, cash: Decimal | None
) -> None:
    decision = Decision(request_id=cancel.request_id, outcome=outcome, cash=cash)
    with engine.begin() as connection:
        record_requests(connection, "http", [Record(cancel, decision, ref)])


def found(receiver: Engine, *cancels: Cancel) -> list[Decision]:
    with receiver.connect() as connection:
        return find_outcomes(connection, cancels)


@pytest.mark.parametrize(
    ("ref", "number"),
    [("4711", 4711), ("T-7", None), ("007", None), (str(2**63), None), (None, None)],
)
def test_the_cash_and_the_number_that_a_wallet_told_are_in_the_answer_of_a_dialect_that_tells_them(
    engine: Engine, receiver: Engine, ref: str | None, number: int | None
) -> None:
    cancel = cancel_of("r1")
    record(engine, cancel, Outcome.REVERSED, ref, CASH)
    (decision,) = found(receiver, cancel)
    assert decision == Decision(
        request_id=cancel.request_id,
        outcome=Outcome.REVERSED,
        transfer_id=number,
        currency="EUR",
        cash=CASH,
    )
    dialect = DIALECTS["lucky-monaco-v1"]
    context = AnswerContext(dialect.answer_of(decision.outcome), "r1", decision)
    answer = orjson.loads(render(dialect, context))
    assert answer["cash"] == "10.000000000000000001"
    assert answer.get("transactionId") == (None if number is None else str(number))


def test_a_wallet_that_tells_no_cash_is_not_helped_out_with_the_ledgers(
    engine: Engine, receiver: Engine, operator: Operator
) -> None:
    operator.deposit("10.00")
    operator.cancel(cancel_of("r1"))  # a tombstone of before, with the cash of then
    cancel = cancel_of("r1")
    record(engine, cancel, Outcome.NO_BET, None, None)
    assert [one.cash for one in found(receiver, cancel)] == [None]


def test_a_closing_is_not_told_before_the_wallet_that_may_be_deciding_has_had_its_say(
    engine: Engine, receiver: Engine
) -> None:
    asked = cancel_of("r1")
    assert closed(engine, cancel_of("r1")) is Outcome.CLOSED
    keep(engine, asked)
    # The wallet has been asked about it before it was closed, and decides now.
    assert found(receiver, asked) == []
    record(engine, asked, Outcome.REVERSED, "4711", CASH)
    assert [one.outcome for one in found(receiver, asked)] == [Outcome.REVERSED]


def test_a_closing_that_the_journal_has_of_the_request_itself_is_told(
    engine: Engine, receiver: Engine
) -> None:
    further = cancel_of("r1")
    closed(engine, cancel_of("r1"))
    record(engine, further, Outcome.CLOSED, None, None)
    assert [one.outcome for one in found(receiver, further)] == [Outcome.CLOSED]


def test_what_the_ledger_has_from_a_time_before_the_provider_had_another_wallet_is_not_told(
    engine: Engine, receiver: Engine, operator: Operator
) -> None:
    assert [one.outcome for one in operator.cancel(cancel_of("r1"))] == [Outcome.NO_BET]
    again = cancel_of("r1")
    assert [one.outcome for one in found(receiver, again)] == [Outcome.NO_BET]
    for named in ({OTHERS: "http"}, {OTHERS: "ledger", again.provider: "http"}):
        with engine.begin() as connection:
            record_routes(connection, named, anew=True)
        assert found(receiver, again) == []
    with engine.begin() as connection:
        record_routes(connection, {OTHERS: "http", again.provider: "ledger"}, anew=True)
    assert [one.outcome for one in found(receiver, again)] == [Outcome.NO_BET]
