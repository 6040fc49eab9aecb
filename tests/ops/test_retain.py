"""`unbet retain`: records go when their time is up, and nothing else does."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection, Engine, text

from tests.databases import tables, url_as
from tests.making import Operator, cancel_of
from tests.ops.conftest import Unbet
from unbet import connect_to
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.database.roles import Role
from unbet.journal import retention
from unbet.journal.answers import AnswerNote, note_answers
from unbet.journal.parking import park, set_aside
from unbet.journal.recording import Record, find_decided, record_requests
from unbet.journal.retention import LIMITS, RECORDS, cutoff, remove_older
from unbet.journal.sweeping import lease
from unbet.wallets.ledger.interventions import close_parked
from unbet.wallets.ledger.sweeping import reverse_parked

OLD, RECENT = "old", "recent"


@pytest.fixture
def cancels(operator: Operator) -> dict[str, Cancel]:
    """Two that were parked, decided and answered, one of them forty days ago; a third is parked,
    and a fourth was closed, forty days ago."""
    made = {reference: cancel_of(reference) for reference in (OLD, RECENT, "parked", "closed")}
    operator.deposit("20.00")
    for reference in (OLD, RECENT):
        operator.bet(reference, "5.00")
        operator.cancel(made[reference])
    with operator.engine.begin() as connection:
        note_answers(connection, [_note(made[OLD]), _note(made[RECENT])])
        park(connection, [made[OLD], made[RECENT]], reason="no outcome in time")
        reverse_parked(connection, lease(connection, fresh=True, most=2).cancels)
        park(connection, [made["parked"]], reason="no outcome in time")
        set_aside(connection, [made["closed"]], reason="content", error="too much", dead=True)
        close_parked(connection, made["closed"].request_id, made_by="ada", reason="a test")
        _age(connection, made[OLD], made["parked"], made["closed"])
    return made


def _note(cancel: Cancel) -> AnswerNote:
    now = datetime.now(UTC)
    sender = cancel.received_from
    return AnswerNote(
        cancel.request_id, None, "u", now, sender, Outcome.REVERSED, 0, Decimal("0.01")
    )


def _age(connection: Connection, *cancels: Cancel) -> None:
    # Without the guards, for this transaction only.
    connection.execute(text("SET LOCAL session_replication_role = replica"))
    for table, column in (
        ("requests", "decided_at"),
        ("answers", "answered_at"),
        ("parkings", "decided_at"),
        ("parked", "parked_at"),
        ("interventions", "made_at"),
    ):
        connection.execute(
            text(f"""
                UPDATE unbet.{table} SET {column} = now() - '40 d'::interval
                 WHERE request_id = ANY(:i)
            """),
            {"i": [cancel.request_id for cancel in cancels]},
        )


@pytest.fixture
def retain(unbet: Unbet, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """`unbet retain` with the rights of its own role, and no more; yields its document."""

    def run(*arguments: object) -> Any:
        with monkeypatch.context() as patch:
            patch.setenv("UNBET_DATABASE_URL", url_as(Role.RETENTION, database_url))
            ran = unbet("retain", *arguments, "--json")
        assert ran.status == 0, ran.err
        return ran.document

    return run


@pytest.fixture
def retention_engine(database_url: str) -> Iterator[Engine]:
    made = connect_to(url_as(Role.RETENTION, database_url), name="test", limits=LIMITS)
    yield made.execution_options(isolation_level="AUTOCOMMIT")
    made.dispose()


def contents(engine: Engine) -> dict[str, list[Any]]:
    with engine.connect() as connection:
        return {
            table.partition(".")[2]: sorted(
                map(str, connection.execute(text(f"SELECT * FROM {table}")))
            )
            for table in tables(connection)
        }


def test_old_records_go_and_everything_else_stays_as_it_is(
    retain: Callable[..., Any], engine: Engine, cancels: dict[str, Cancel]
) -> None:
    before = contents(engine)

    document = retain("--days", 39)

    after = contents(engine)
    for table in ("requests", "answers", "parkings"):
        assert document[table] == 1
        (kept,) = after.pop(table)
        assert str(cancels[RECENT].request_id) in kept
        assert kept in before.pop(table)
    assert after == before
    assert all(after[table] for table in ("bets", "parked", "interventions", "entries"))
    assert retain("--days", 39)["requests"] == 0


@pytest.mark.usefixtures("cancels")
@pytest.mark.parametrize(("days", "option"), [(39, "--dry-run"), (41, None)])
def test_a_dry_run_counts_and_what_is_younger_stays(
    retain: Callable[..., Any], engine: Engine, days: int, option: str | None
) -> None:
    before = contents(engine)
    document = retain("--days", days, *([option] if option else []))
    assert {document[kept.table] for kept in RECORDS} == {1 if option else 0}
    assert contents(engine) == before


def test_the_record_of_a_wallet_that_forgets_stays(
    retain: Callable[..., Any], engine: Engine
) -> None:
    """Asked again it would decide again."""
    forgotten, remembered = cancel_of("r1"), cancel_of("r2")
    with engine.begin() as connection:
        for cancel, forgets in ((forgotten, True), (remembered, False)):
            decision = Decision(request_id=cancel.request_id, outcome=Outcome.REVERSED)
            record_requests(connection, "theirs", [Record(cancel, decision)], forgets=forgets)
        _age(connection, forgotten, remembered)
    assert retain("--days", 39, "--dry-run")["requests"] == 1
    assert retain("--days", 39)["requests"] == 1
    with engine.connect() as connection:
        assert set(find_decided(connection, [forgotten, remembered], no_bet=True)) == {
            forgotten.request_id
        }


def test_a_cancel_is_answered_the_same_after_its_record_is_gone(
    retain: Callable[..., Any], operator: Operator, unbet: Unbet, cancels: dict[str, Cancel]
) -> None:
    again = cancel_of(OLD)
    (told,) = operator.cancel(again)
    with operator.engine.begin() as connection:
        _age(connection, again)
    balance = operator.balance()
    assert retain("--days", 39)["requests"] == 2

    (same,) = operator.cancel(cancels[OLD])

    # The bet remembers which request was the first.
    first = {"request_id": cancels[OLD].request_id, "replayed": False}
    assert same == told.model_copy(update=first)
    assert told.replayed
    assert operator.balance() == balance
    (history,) = unbet("explain", OLD, "--json").document["stories"]
    assert (history["bet"]["state"], history["bet"]["outcome"]) == ("reversed", "reversed")
    assert len(history["transfers"]) == 2


def test_it_goes_in_steps_of_which_each_is_committed(
    operator: Operator, engine: Engine, retention_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "ROWS_AT_ONCE", 4)
    many = [cancel_of(f"r{number}") for number in range(10)]
    operator.cancel(*many)
    with engine.begin() as connection:
        _age(connection, *many)
    requests = next(kept for kept in RECORDS if kept.table == "requests")

    def left() -> int:
        with engine.connect() as other:
            return int(other.execute(text("SELECT count(*) FROM unbet.requests")).scalar_one())

    with retention_engine.connect() as connection:
        steps = remove_older(connection, requests, cutoff(connection, 30))
        assert (next(steps), left()) == (4, 6)
        steps.close()
    # It was stopped there. Run again, it goes on.
    with retention_engine.connect() as connection:
        steps = remove_older(connection, requests, cutoff(connection, 30))
        assert [(rows, left()) for rows in steps] == [(4, 2), (2, 0)]


@pytest.mark.parametrize("kept", RECORDS)
def test_the_old_part_of_a_table_is_found_by_its_index_of_time(
    retention_engine: Engine, kept: retention.Kept
) -> None:
    def plan(query: str) -> str:
        with retention_engine.connect() as connection:
            return "\n".join(connection.execute(text(f"EXPLAIN {query}")).scalars())

    found = plan(
        f"SELECT request_id FROM unbet.{kept.table} WHERE {kept.since} < now() - '30 d'::interval"
    )
    assert f"{kept.table}_{kept.since}_idx" in found
    # Not an empty one: that implies whatever a partial index is about.
    ids = f"request_id = ANY (ARRAY['{uuid4()}']::uuid[])"
    removed = plan(f"DELETE FROM unbet.{kept.table} WHERE {ids} AND {kept.since} < now()")
    assert f"{kept.table}_pkey" in removed


@pytest.mark.parametrize("days", [29, 0, -1])
def test_too_few_days_are_refused_by_name(unbet: Unbet, days: int) -> None:
    ran = unbet("retain", "--days", days)
    assert (ran.status, ran.out) == (2, "")
    assert "'--days'" in ran.err
    assert "at least 30" in ran.err


@pytest.mark.usefixtures("cancels")
def test_another_role_is_refused_and_a_person_reads_a_sentence(
    unbet: Unbet, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = unbet("retain", "--days", 39)
    assert (refused.status, refused.out) == (1, "")
    assert "permission denied for table answers" in refused.err
    monkeypatch.setenv("UNBET_DATABASE_URL", url_as(Role.RETENTION, database_url))
    ran = unbet("retain", "--days", 39, terminal=True)
    assert ran.out.startswith("1 answers, 1 requests and 1 parking records removed: older than ")
    assert "3 rows" in ran.err
