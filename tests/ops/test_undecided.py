"""Commands that decide a cancel, on a ledger that comes to no decision: one sentence, in time."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from tests.databases import url_as
from tests.making import cancel_of
from tests.ops.conftest import Unbet
from tests.ops.test_dry_run import BODY
from unbet.database.roles import Role
from unbet.journal.parking import park


def leave_no_tombstone(engine: Engine, after_s: float) -> None:
    """As if a bet of the same reference came and went during each statement."""
    with engine.begin() as connection:
        connection.execute(
            text(f"""
                CREATE FUNCTION unbet_ledger.skip() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    PERFORM pg_sleep({after_s});
                    RETURN NULL;
                END $$;
                CREATE TRIGGER skip BEFORE INSERT ON unbet_ledger.bets
                    FOR EACH ROW EXECUTE FUNCTION unbet_ledger.skip();
            """)
        )


@pytest.mark.parametrize(
    ("after_s", "said"),
    [
        (0, "unbet: no outcome for r\\n1, however often asked\n"),
        # All the statements would take 9 s, and each alone is within the server's limit.
        (0.9, "unbet: the database of UNBET_DATABASE_URL cannot be reached: "),
    ],
)
def test_a_dry_run_without_a_decision_ends_in_time_with_one_line(
    unbet: Unbet,
    engine: Engine,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    after_s: float,
    said: str,
) -> None:
    leave_no_tombstone(engine, after_s)
    monkeypatch.setenv("UNBET_DATABASE_URL", url_as(Role.WORKER, database_url))
    body = tmp_path / "body.json"
    body.write_text(json.dumps(BODY | {"reference": "r\n1"}))

    ran = unbet("explain", "r\n1", "--dry-run", body)

    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith(said)
    assert ran.err.count("\n") == 1


def test_a_closing_without_a_decision_ends_with_one_line(unbet: Unbet, engine: Engine) -> None:
    cancel = cancel_of("r1")
    with engine.begin() as connection:
        park(connection, [cancel], reason="a test")
    leave_no_tombstone(engine, 0)

    ran = unbet("parked", "close", cancel.request_id, "--reason", "ticket 4711")

    assert (ran.status, ran.out) == (1, "")
    assert ran.err == "unbet: no outcome for r1, however often asked\n"
