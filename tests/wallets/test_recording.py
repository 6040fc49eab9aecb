"""The journal's record of what a wallet has decided that does not write it itself."""

from decimal import Decimal

from sqlalchemy import Engine, text

from tests.making import cancel_of
from unbet.core.message import Decision
from unbet.core.outcomes import Outcome
from unbet.journal.recording import Record, record_requests

RECORDED = text("""
    SELECT request_id, outcome, reference, user_id, body, wallet, wallet_ref, cash, replayed
      FROM unbet.requests
""")
CASH = Decimal("10.000000000000000001")


def test_what_is_decided_is_recorded_once_and_stays_as_it_was(engine: Engine) -> None:
    cancel = cancel_of("r1")
    first = Decision(request_id=cancel.request_id, outcome=Outcome.REVERSED, cash=CASH)
    again = Decision(request_id=cancel.request_id, outcome=Outcome.NO_BET)
    with engine.begin() as connection:
        assert record_requests(connection, "http", [Record(cancel, first, "T-7", False)]) == {}
    with engine.begin() as connection:
        before = record_requests(connection, "sql", [Record(cancel, again)])
    assert before == {cancel.request_id: Outcome.REVERSED}
    with engine.connect() as connection:
        (row,) = connection.execute(RECORDED)
    assert row[:5] == (cancel.request_id, "reversed", "r1", "alice", cancel.body)
    assert row[5:] == ("http", "T-7", CASH, False)


def test_nothing_to_record_records_nothing(engine: Engine) -> None:
    with engine.begin() as connection:
        assert record_requests(connection, "http", []) == {}
        assert connection.execute(RECORDED).all() == []
