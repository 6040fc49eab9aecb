"""The journal's record of what a wallet has told that does not write it itself."""

from sqlalchemy import Engine, text

from tests.making import cancel_of
from unbet.core.message import Decision
from unbet.core.outcomes import Outcome
from unbet.journal.recording import record

RECORDED = text("SELECT request_id, outcome, reference, user_id, body FROM unbet.requests")


def test_what_is_decided_is_recorded_once_and_stays_as_it_was(engine: Engine) -> None:
    cancel = cancel_of("r1")
    for outcome in (Outcome.REVERSED, Outcome.NO_BET):
        with engine.begin() as connection:
            record(connection, [cancel], [Decision(request_id=cancel.request_id, outcome=outcome)])
    with engine.connect() as connection:
        (row,) = connection.execute(RECORDED)
    assert row == (cancel.request_id, "reversed", "r1", "alice", cancel.body)


def test_what_is_not_decided_is_not_recorded(engine: Engine) -> None:
    parked, unanswered = cancel_of("r1"), cancel_of("r2")
    decision = Decision(request_id=parked.request_id, outcome=Outcome.PARKED)
    with engine.begin() as connection:
        record(connection, [parked, unanswered], [decision])
        record(connection, [], [])
        assert connection.execute(RECORDED).all() == []
