"""What was answered, read from the ledger in steps."""

import time

import pytest
from sqlalchemy import Engine, text

from unbet.console.answers import SETTLE_S, SPAN_S, STEP_S, Answers, AnswersReader
from unbet.journal.activity import Step

_ANSWER = text("""
    INSERT INTO unbet.answers (request_id, uuid, received_at, received_from, outcome, code, seconds,
                         answered_at)
    VALUES (gen_random_uuid(), 'u', now(), '', :outcome, 0, :seconds, to_timestamp(:at))
""")


@pytest.fixture
def now() -> float:
    """The middle of a step, so that what is a step ago is in that step."""
    return time.time() // STEP_S * STEP_S + STEP_S / 2


def answer(engine: Engine, outcome: str | None, at: float, *, seconds: float = 0.1) -> None:
    with engine.begin() as connection:
        connection.execute(_ANSWER, {"outcome": outcome, "at": at, "seconds": seconds})


def read(engine: Engine, reader: AnswersReader) -> Answers:
    with engine.begin() as connection:
        return reader.read(connection)


def answered(answers: Answers) -> int:
    return sum(step.answers for step in answers.steps.values())


def test_answers_are_counted_by_outcome_in_the_steps_when_they_were_given(
    engine: Engine, now: float
) -> None:
    outcomes = ["reversed", "reversed", "no_bet", "bet_refused", "settled", "mismatch"]
    for outcome in [*outcomes, "currency_mismatch", "parked", None]:
        answer(engine, outcome, now - 100)
    answer(engine, "reversed", now - 600)
    answer(engine, "reversed", now - SPAN_S - 2 * STEP_S)
    steps = [step for step in read(engine, AnswersReader()).steps.values() if step.answers]
    assert [step[:5] for step in steps] == [(1, 0, 0, 0, 0), (2, 1, 2, 2, 2)]


def test_the_median_and_the_slowest_percent_are_those_of_a_step(engine: Engine, now: float) -> None:
    for number in range(1, 102):
        answer(engine, "reversed", now - 100, seconds=number / 100)
    (step,) = (step for step in read(engine, AnswersReader()).steps.values() if step.answers)
    assert (step.p50_s, step.p99_s) == pytest.approx((0.51, 1.0))


def test_every_step_of_the_time_is_there_and_the_last_one_is_going_on(engine: Engine) -> None:
    found = read(engine, AnswersReader())
    assert list(found.steps) == list(range(found.current - SPAN_S, found.current + 1, STEP_S))
    assert set(found.steps.values()) == {Step()}


def test_a_look_reads_again_only_what_can_have_changed(engine: Engine, now: float) -> None:
    reader = AnswersReader()
    read(engine, reader)
    answer(engine, "reversed", now - STEP_S)
    answer(engine, "reversed", now - 60)
    assert answered(read(engine, reader)) == 1


def test_what_was_not_read_within_the_budget_is_missing_until_the_next_look(
    engine: Engine, now: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(engine, "reversed", now - 600)
    answer(engine, "reversed", now)
    reader = AnswersReader()
    monkeypatch.setattr("unbet.console.answers.BUDGET_S", 0)
    first = read(engine, reader)
    assert len(first.steps) == SETTLE_S / STEP_S + 1
    assert answered(first) == 1
    monkeypatch.setattr("unbet.console.answers.BUDGET_S", 60)
    assert answered(read(engine, reader)) == 2
