"""The chaos run's checker, of providers whose answers are not Lucky Monaco's."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from testbed.chaos.check_result import Kind
from testbed.chaos.checker import Judged
from testbed.chaos.circumstances import Circumstances
from testbed.chaos.expectations import promising_codes
from testbed.chaos.outages import Outage
from testbed.chaos.recovery import Recoveries
from testbed.chaos.wallets import ledger
from testbed.provider import DIALECTS, V4, Case, Code, Dialect, Sent
from testbed.provider.dialects.hub88 import Hub88
from tests.judging import NOON, bet, cancel, check, tamper
from tests.making import Operator, cancel_of
from unbet.core.message import Cancel
from unbet.journal.parking import park

BGAMING, EVOLUTION, HUB88 = (DIALECTS[name] for name in ("bgaming", "evolution", "hub88"))


class Nameless(Hub88):
    """Names neither player nor currency."""

    player = None  # type: ignore[assignment]


NAMELESS = Nameless()
SETTLED, UNKNOWN = "BET_ALREADY_SETTLED", "BET_DOES_NOT_EXIST"


def found(
    engine: Engine, dialect: Dialect, *log: Sent, around: Circumstances | None = None
) -> list[Kind]:
    judged = Judged(engine, engine, ledger.ROWS, has_audit=True, dialect=dialect)
    return [kind for kind, what in check(log, judged, around).violations.items() if what]


def without_names(reference: str) -> Cancel:
    return cancel_of(reference).model_copy(update={"player": None, "currency": None})


def with_status(log: Sent, status: int) -> Sent:
    answers = tuple(one.model_copy(update={"status": status}) for one in log.attempts)
    return log.model_copy(update={"attempts": answers})


@pytest.fixture
def operator(operator: Operator) -> Operator:
    operator.deposit("100.00")
    for reference in ("given back", "standing", "won"):
        operator.bet(reference)
    operator.settle("won", "25.00")
    operator.cancel(cancel_of("given back"), cancel_of("unknown"), cancel_of("won"))
    return operator


def test_lucky_monaco_s_promises_are_those_of_its_document() -> None:
    assert promising_codes(V4) == {0, 2, 100, 120}


@pytest.mark.usefixtures("operator")
@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=list(DIALECTS))
def test_no_refusal_of_a_right_cancel_passes_unseen(engine: Engine, dialect: Dialect) -> None:
    refusals = {*dialect.stops, "a code that nobody knows"} - dialect.allowed[Case.TEMPORARY]
    for code in refusals:
        assert found(engine, dialect, bet("standing", 0), cancel("standing", code)), code


@pytest.mark.usefixtures("operator")
@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=list(DIALECTS))
def test_a_success_without_a_record_is_seen_though_the_bet_was_settled_later(
    engine: Engine, operator: Operator, dialect: Dialect
) -> None:
    operator.bet("settled later")
    operator.settle("settled later", "0.00")
    for code in dialect.allowed[Case.FIRST]:
        kinds = found(engine, dialect, cancel("settled later", code))
        assert {*kinds} & {Kind.LOST, Kind.LATE_DEBIT}


@pytest.mark.usefixtures("operator")
def test_each_case_has_codes_of_its_own(engine: Engine) -> None:
    log = [
        bet("given back", 0),
        cancel("given back", "TEMPORARY_ERROR", "OK"),
        cancel("given back", SETTLED),
        cancel("unknown", UNKNOWN),
        cancel("won", SETTLED),
        bet("standing", 0),
    ]
    assert found(engine, EVOLUTION, *log) == []


@pytest.mark.usefixtures("operator")
@pytest.mark.parametrize(
    ("reference", "code", "kind"),
    [
        ("never came", "OK", Kind.UNCOMMITTED),
        ("never came", "TEMPORARY_ERROR", Kind.LOST),
        ("standing", "OK", Kind.LATE_DEBIT),
        ("standing", UNKNOWN, Kind.LATE_DEBIT),
        ("won", "OK", Kind.LATE_DEBIT),
        ("unknown", "OK", Kind.CONTRADICTION),
        ("given back", UNKNOWN, Kind.CONTRADICTION),
        ("given back", "FINAL_ERROR_ACTION_FAILED", Kind.CONTRADICTION),
    ],
)
def test_an_answer_that_the_wallet_contradicts_is_found(
    engine: Engine, reference: str, code: Code, kind: Kind
) -> None:
    assert found(engine, EVOLUTION, cancel(reference, code)) == [kind]


@pytest.mark.usefixtures("operator")
def test_a_bet_that_is_taken_after_its_cancel_was_answered_is_a_late_debit(engine: Engine) -> None:
    late = bet("given back", 0, at=NOON + timedelta(seconds=1))
    log = cancel("given back", "OK"), late
    assert found(engine, EVOLUTION, *log) == [Kind.LATE_DEBIT]
    assert found(engine, HUB88, cancel("given back", "RS_OK"), late) == [Kind.LATE_DEBIT]


def test_what_a_dialect_does_not_name_is_not_compared(engine: Engine, operator: Operator) -> None:
    operator.bet("without")
    operator.cancel(without_names("without"))
    log = bet("without", 0), cancel("without", "RS_OK")
    assert found(engine, NAMELESS, *log) == []
    tamper(engine, "UPDATE unbet.requests SET outcome = 'settled'")
    assert Kind.CONTRADICTION in found(engine, NAMELESS, *log)


def test_what_a_dialect_does_not_name_is_known_by_its_reference(
    engine: Engine, operator: Operator
) -> None:
    operator.bet("dead")
    with engine.begin() as connection:
        park(connection, [without_names("dead")], reason="test")
        connection.execute(text("UPDATE unbet.parked SET state = 'dead'"))
    assert found(engine, NAMELESS, cancel("dead", "RS_ERROR_UNKNOWN")) == []


@pytest.mark.usefixtures("operator")
def test_each_bet_of_a_request_has_its_answer(engine: Engine) -> None:
    assert found(engine, BGAMING, cancel("given back", 200, others=("unknown",))) == []
    log = cancel("given back", 200, others=("unknown", "never came"))
    assert found(engine, BGAMING, log) == [Kind.UNCOMMITTED]


def test_a_temporary_answer_promises_unless_it_is_503(engine: Engine) -> None:
    kept, unkept = (with_status(cancel("never came", code), code) for code in (500, 503))
    assert found(engine, BGAMING, kept) == [Kind.LOST]
    assert found(engine, BGAMING, unkept) == [Kind.UNANSWERED]
    full = Outage("spool", NOON - timedelta(seconds=2), NOON + timedelta(seconds=2))
    around = Circumstances(without_room=[full])
    assert found(engine, BGAMING, unkept, around=around) == []
    assert found(engine, BGAMING, kept, around=around) == [Kind.LOST]


def test_503_is_an_answer_where_the_dialect_has_it_for_a_temporary_one(engine: Engine) -> None:
    class Busy(Hub88):
        allowed = {**Hub88.allowed, Case.TEMPORARY: frozenset({"HTTP 503"})}  # noqa: RUF012

    log = with_status(cancel("never came", "HTTP 503"), 503)
    assert found(engine, Busy(), log) == [Kind.LOST]


def test_where_both_are_answered_alike_a_temporary_answer_promises_while_there_is_room(
    engine: Engine,
) -> None:
    log = cancel("never came", "RS_ERROR_UNKNOWN")
    assert found(engine, HUB88, log) == [Kind.LOST]
    full = Outage("spool", NOON - timedelta(seconds=2), NOON + timedelta(seconds=2))
    assert found(engine, HUB88, log, around=Circumstances(without_room=[full])) == []


@pytest.mark.parametrize(("dialect", "told"), [(V4, 1), (EVOLUTION, 0)])
def test_no_time_is_told_where_many_answers_are_never_final(dialect: Dialect, told: int) -> None:
    recoveries = Recoveries(dialect)
    recoveries.begin("PostgreSQL")
    assert len(recoveries.seconds()) == told
