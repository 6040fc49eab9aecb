"""The journal's record of what a wallet has decided that does not write it itself."""

from sqlalchemy import Engine, text

from tests.making import cancel_of
from unbet.core.outcomes import Outcome
from unbet.journal.recording import record_requests

RECORDED = text("SELECT request_id, outcome, reference, user_id, body FROM unbet.requests")


def test_what_is_decided_is_recorded_once_and_stays_as_it_was(engine: Engine) -> None:
    cancel = cancel_of("r1")
    with engine.begin() as connection:
        assert record_requests(connection, [(cancel, Outcome.REVERSED)]) == {}
    with engine.begin() as connection:
        before = record_requests(connection, [(cancel, Outcome.NO_BET)])
    assert before == {cancel.request_id: Outcome.REVERSED}
    with engine.connect() as connection:
        (row,) = connection.execute(RECORDED)
    assert row == (cancel.request_id, "reversed", "r1", "alice", cancel.body)


def test_nothing_to_record_records_nothing(engine: Engine) -> None:
    with engine.begin() as connection:
        assert record_requests(connection, []) == {}
        assert connection.execute(RECORDED).all() == []
