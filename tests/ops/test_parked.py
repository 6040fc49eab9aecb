"""`unbet parked`: a person sees what is parked or dead, and has it tried again."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, text

from tests.making import cancel_of
from tests.ops.conftest import Unbet
from unbet.core.message import Cancel
from unbet.journal.parking import park, set_aside
from unbet.journal.sweeping import lease
from unbet.wallets.ledger.sweeping import reverse_parked


@pytest.fixture
def cancels(engine: Engine) -> dict[str, Cancel]:
    """One that waits, and two that are dead."""
    made = {reference: cancel_of(reference) for reference in ("waits", "dead-1", "dead-2")}
    with engine.begin() as connection:
        park(connection, [made["waits"]], reason="no outcome in time")
        dead = [made["dead-1"], made["dead-2"]]
        set_aside(connection, dead, reason="content", error="too much", dead=True)
        connection.execute(text("UPDATE unbet.parked SET tries = 5, next_try_at = now() + '1 h'"))
    return made


def due(engine: Engine) -> set[str]:
    with engine.begin() as connection:
        found = lease(connection, fresh=True, most=10).cancels
        return {cancel.reference for cancel in found}


def test_parked_and_dead_cancels_are_listed_with_what_was_the_matter(
    unbet: Unbet, cancels: dict[str, Cancel]
) -> None:
    document = unbet("parked", "list", "--json").document
    assert (document["parked"], document["dead"]) == (1, 2)
    rows = {row["reference"]: row for row in document["cancels"]}
    assert rows["waits"]["request_id"] == str(cancels["waits"].request_id)
    assert (rows["waits"]["state"], rows["waits"]["reason"]) == ("parked", "no outcome in time")
    assert (rows["dead-1"]["state"], rows["dead-1"]["last_error"]) == ("dead", "too much")


@pytest.mark.usefixtures("cancels")
def test_only_the_dead_ones_are_listed_if_one_asks_for_them(unbet: Unbet) -> None:
    rows = unbet("parked", "list", "--dead", "--json").document["cancels"]
    assert {row["reference"] for row in rows} == {"dead-1", "dead-2"}
    shown = unbet("parked", "list", "--dead").out
    assert "1 parked, 2 dead, 0 closed." in shown
    assert "dead-1" in shown
    assert "waits" not in shown


def test_nothing_parked_is_said_in_words(unbet: Unbet) -> None:
    assert unbet("parked", "list").out == "0 parked, 0 dead, 0 closed.\n"


def test_a_dead_cancel_is_tried_again_by_its_request_id(
    unbet: Unbet, engine: Engine, cancels: dict[str, Cancel]
) -> None:
    ran = unbet("parked", "retry", cancels["dead-1"].request_id, "--json")
    assert (ran.status, ran.document) == (0, {"retried": 1})
    assert due(engine) == {"dead-1"}


@pytest.mark.usefixtures("cancels")
def test_all_of_a_reference_are_tried_again(unbet: Unbet, engine: Engine) -> None:
    assert unbet("parked", "retry", "--reference", "waits").out == "1 will be tried again.\n"
    assert due(engine) == {"waits"}


@pytest.mark.usefixtures("cancels")
def test_all_that_are_dead_are_tried_again(unbet: Unbet, engine: Engine) -> None:
    assert unbet("parked", "retry", "--all-dead", "--json").document == {"retried": 2}
    assert due(engine) == {"dead-1", "dead-2"}


def test_retrying_what_is_not_parked_exits_with_1(unbet: Unbet) -> None:
    assert unbet("parked", "retry", "--reference", "unknown").status == 1
    assert unbet("parked", "retry", "--all-dead").status == 1


def test_what_to_retry_has_to_be_named_in_one_way(unbet: Unbet) -> None:
    assert unbet("parked", "retry").status == 2
    assert unbet("parked", "retry", "--reference", "r1", "--all-dead").status == 2


@pytest.mark.usefixtures("cancels")
def test_who_had_it_tried_again_is_recorded(unbet: Unbet, engine: Engine) -> None:
    unbet("parked", "retry", "--all-dead", "--by", "Ann")
    assert interventions(engine) == [
        ("dead-1", "retry", "Ann", None),
        ("dead-2", "retry", "Ann", None),
    ]
    unbet("parked", "retry", "--reference", "waits")
    assert interventions(engine)[-1][:2] == ("waits", "retry")


def test_a_cancel_is_closed_with_a_reason_and_not_tried_any_more(
    unbet: Unbet, engine: Engine, cancels: dict[str, Cancel]
) -> None:
    waits = cancels["waits"].request_id
    closed = unbet("parked", "close", waits, "--reason", "a test's bet", "--by", "Ann", "--json")
    assert (closed.status, closed.document) == (0, {"closed": 1, "outcome": "closed"})
    assert interventions(engine) == [("waits", "close", "Ann", "a test's bet")]
    with engine.begin() as connection:
        connection.execute(text("UPDATE unbet.parked SET next_try_at = now()"))
    assert due(engine) == set()
    assert "0 parked, 2 dead, 1 closed." in unbet("parked", "list").out
    rows = unbet("parked", "list", "--closed", "--json").document["cancels"]
    assert [row["reference"] for row in rows] == ["waits"]
    assert unbet("parked", "retry", "--reference", "waits").status == 1
    assert unbet("parked", "retry", waits).status == 1
    reopened = unbet("parked", "reopen", waits, "--reason", "a bet after all", "--by", "Ben")
    assert (reopened.status, reopened.out) == (0, "Reopened: it will be tried again.\n")
    assert interventions(engine)[-1] == ("waits", "reopen", "Ben", "a bet after all")
    assert due(engine) == {"waits"}


def test_what_is_closed_or_reopened_already_is_said_with_who_did_it_and_when(
    unbet: Unbet, engine: Engine, cancels: dict[str, Cancel]
) -> None:
    """As to somebody whose connection was lost during the commit, and who asks again."""
    waits = cancels["waits"].request_id
    assert unbet("parked", "reopen", waits, "--reason", "too soon").status == 1
    for command, result in (("close", "closed"), ("reopen", "reopened")):
        asked = ("parked", command, waits, "--reason", "ticket 7", "--by", "Ann")
        first = unbet(*asked, "--json")
        again = unbet(*asked, "--json")
        assert (first.status, again.status) == (0, 0)
        assert (again.document[result], again.document["made_by"]) == (1, "Ann")
        assert datetime.fromisoformat(again.document["made_at"]) <= datetime.now(UTC)
        assert again.document.items() >= first.document.items()
        said = unbet("parked", command, waits, "--reason", "another", "--by", "Ben").out
        assert said.startswith(f"It is {result} already: by Ann on 2")
        assert said.endswith("(ticket 7).\n")
    assert [row[:3] for row in interventions(engine)] == [
        ("waits", "close", "Ann"),
        ("waits", "reopen", "Ann"),
    ]
    # Also once it has been decided, which a sweep does within a second.
    sweep(engine)
    assert unbet("parked", "reopen", waits, "--reason", "again").status == 0
    assert unbet("parked", "close", waits, "--reason", "again").status == 1


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501, "two\nlines"])
def test_a_reason_is_one_line_of_some_words(
    unbet: Unbet, engine: Engine, cancels: dict[str, Cancel], reason: str
) -> None:
    refused = unbet("parked", "close", cancels["dead-1"].request_id, "--reason", reason)
    assert refused.status == 2
    assert "the reason is" in refused.err
    assert interventions(engine) == []


def sweep(engine: Engine) -> None:
    with engine.begin() as connection:
        reverse_parked(connection, lease(connection, fresh=True, most=10).cancels)


def interventions(engine: Engine) -> list[tuple[object, ...]]:
    query = text("SELECT reference, action, made_by, reason FROM unbet.interventions ORDER BY id")
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query)]
