"""Looking for a bet by what a person has at hand."""

import pytest
from sqlalchemy import Engine, text

from tests.making import Operator, cancel_of, note_answer
from unbet.core.outcomes import Outcome
from unbet.journal.parking import park
from unbet.journal.search import find


@pytest.fixture
def bets(engine: Engine, operator: Operator) -> Engine:
    """Two of alice's, one of them cancelled; one of bob's that is only parked; a late one."""
    operator.deposit("100.00")
    operator.bet("r1")
    operator.bet("r2")
    operator.cancel(cancel_of("r2", uuid="u2"))
    operator.cancel(cancel_of("late", uuid="u3"))
    operator.bet("late")
    with engine.begin() as connection:
        park(connection, [cancel_of("waits", user_id="bob", uuid="u4")], reason="test")
    return engine


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("r1", {("r1", "placed", "reference")}),
        ("u2", {("r2", "reversed", "uuid")}),
        ("u3", {("late", "tombstone", "uuid")}),
        ("u4", {("waits", None, "uuid")}),
        ("bob", {("waits", None, "player")}),
        ("R1", set()),
        ("r", set()),
        ("\0", set()),
    ],
)
def test_a_bet_is_found_by_reference_player_and_uuid(
    bets: Engine, words: str, found: set[tuple[str, str | None, str]]
) -> None:
    with bets.connect() as connection:
        rows = find(connection, words)
    assert {(row.reference, row.state, row.found_by) for row in rows} == found


def test_a_players_bets_are_found_the_newest_first_and_not_more_than_asked_for(
    bets: Engine,
) -> None:
    with bets.connect() as connection:
        rows = find(connection, "alice")
        assert [row.reference for row in rows] == ["late", "r2", "r1"]
        assert [row.reference for row in find(connection, "alice", most=1)] == ["late"]
    assert {(row.user_id, row.currency, row.found_by) for row in rows} == {
        ("alice", "EUR", "player")
    }


def test_a_row_that_cannot_be_read_hides_no_other(bets: Engine) -> None:
    unreadable = text("""
        INSERT INTO unbet.parked (request_id, provider, reference, cancel, reason)
        VALUES (gen_random_uuid(), 'p', 'rx', '{"reference":"rx",', 'x')
    """)
    with bets.begin() as connection:
        connection.execute(unreadable)
        assert [found.reference for found in find(connection, "r1")] == ["r1"]
        assert [found.reference for found in find(connection, "rx")] == ["rx"]


def test_a_request_that_shared_anothers_wait_is_found_by_its_uuid(
    engine: Engine, operator: Operator
) -> None:
    decided, waits = cancel_of("r1"), cancel_of("r2")
    operator.cancel(decided)
    with engine.begin() as connection:
        park(connection, [waits], reason="test")
    for shared in (decided, waits):
        uuid = f"shares {shared.reference}"
        answered = cancel_of(shared.reference, uuid=uuid)
        note_answer(engine, answered, 100, "7.000", outcome=Outcome.PARKED, shared=shared)
        with engine.connect() as connection:
            [found] = find(connection, uuid)
        assert (found.reference, found.found_by) == (shared.reference, "uuid")


def test_a_withdrawal_is_found_by_its_reference_and_by_its_player(
    engine: Engine, operator: Operator
) -> None:
    operator.deposit("10.00", reference="d1")
    operator.withdraw("w1", "2.00")
    operator.correct("w1", "2.00", user_id="bob")

    with engine.connect() as connection:
        by_reference = find(connection, "w1")
        by_player = find(connection, "alice")
        (deposit,) = find(connection, "d1")
    assert {(one.reference, one.user_id, one.provider) for one in by_reference} == {
        ("w1", "bob", "")
    }
    assert [(one.reference, one.found_by) for one in by_player] == [("w1", "player")]
    assert (deposit.reference, deposit.user_id) == ("d1", "alice")
