"""`unbet reconcile` and `unbet export` of what another wallet than the ledger has told."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from tests.ledger.closing import closed
from tests.ledger.rounds import round_cancel
from tests.making import Operator, cancel_of
from tests.ops.conftest import WHOLE, Unbet
from tests.ops.conftest import unbet as unbet
from unbet.core.message import Decision
from unbet.core.outcomes import Outcome
from unbet.journal.closings import find_closed
from unbet.journal.parking import park
from unbet.journal.recording import Record, record_requests

FIND_LATE = text("""
    INSERT INTO unbet.found_late (request_id, provider, reference, outcome)
    SELECT request_id, provider, reference, :outcome FROM unbet.requests
""")
CASH = Decimal("10.000000000000000001")


@pytest.fixture
def told(engine: Engine) -> None:
    """A wallet has told each outcome once, and repeated some."""
    tell(engine, "reversed", Outcome.REVERSED, wallet_ref="=T-1", replayed=False, cash=CASH)
    tell(engine, "reversed", Outcome.REVERSED, wallet_ref="=T-1", replayed=True, cash=CASH)
    tell(engine, "theirs", Outcome.MISMATCH, user_id="mallory")
    tell(engine, "settled", Outcome.SETTLED)
    tell(engine, "refused", Outcome.BET_REFUSED)
    tell(engine, "never-came", Outcome.NO_BET, user_id="bob")
    with engine.begin() as connection:
        park(connection, [cancel_of("parked")], reason="no outcome in time")
    assert closed(engine, cancel_of("closed")) is Outcome.CLOSED
    tell(engine, "closed", Outcome.CLOSED)
    # Closed in the moment in which the wallet decided it.
    closed(engine, cancel_of("met"))
    tell(engine, "met", Outcome.REVERSED)


def tell(
    engine: Engine,
    reference: str,
    outcome: Outcome,
    *,
    wallet_ref: str | None = None,
    replayed: bool | None = None,
    cash: Decimal | None = None,
    user_id: str = "alice",
    of_round: bool = False,
) -> None:
    cancel = cancel_of(reference, user_id=user_id).model_copy(update={"of_round": of_round})
    decision = Decision(request_id=cancel.request_id, outcome=outcome, cash=cash)
    with engine.begin() as connection:
        record_requests(connection, "http", [Record(cancel, decision, wallet_ref, replayed)])


Reconcile = Callable[..., Any]


@pytest.fixture
def reconcile(unbet: Unbet, tmp_path: Path) -> Reconcile:
    def run(*lines: dict[str, object], period: tuple[str, ...] = ()) -> Any:
        file = tmp_path / "list.jsonl"
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        ran = unbet("reconcile", file, *period, "--json")
        assert ran.status == (0 if ran.document["ok"] else 1)
        return ran.document

    return run


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("line", "found"),
    [
        ({"reference": "reversed"}, None),
        ({"reference": "reversed", "userId": "alice", "code": 0}, None),
        ({"reference": "reversed", "userId": "bob"}, ("differing", "player")),
        ({"reference": "reversed", "currency": "USD"}, ("differing", "currency")),
        ({"reference": "reversed", "code": 120}, ("differing", "outcome")),
        ({"reference": "reversed", "providerId": "Another"}, ("missing", "unknown")),
        ({"reference": "settled"}, ("differing", "outcome")),
        ({"reference": "settled", "code": 120}, None),
        ({"reference": "refused"}, None),
        ({"reference": "never-came"}, None),
        ({"reference": "theirs", "code": 7}, None),
        ({"reference": "theirs"}, ("differing", "outcome")),
        ({"reference": "parked"}, ("differing", "parked")),
        ({"reference": "closed"}, ("differing", "closed")),
        ({"reference": "met"}, None),
        ({"reference": "nobody-knows"}, ("missing", "unknown")),
    ],
)
def test_each_line_is_held_against_what_the_wallet_has_told(
    reconcile: Reconcile, line: dict[str, object], found: tuple[str, str] | None
) -> None:
    rows = reconcile(line)["rows"]
    assert [(row["kind"], row["reason"]) for row in rows] == ([found] if found else [])


@pytest.mark.usefixtures("told")
def test_what_a_wallet_has_cancelled_and_the_list_does_not_have_is_extra(
    reconcile: Reconcile,
) -> None:
    document = reconcile({"reference": "reversed"}, period=WHOLE)
    rows = [(row["reference"], row["reason"]) for row in document["rows"]]
    assert rows == [("refused", "bet_refused"), ("never-came", "no_bet"), ("met", "reversed")]


@pytest.mark.usefixtures("told")
def test_each_outcome_is_exported_once_with_what_its_wallet_told(
    unbet: Unbet, operator: Operator
) -> None:
    operator.deposit("10.00")
    operator.bet("ours", "4.00")
    operator.cancel(cancel_of("ours"))
    lines = unbet("export", *WHOLE, "--format", "jsonl").lines

    outcomes = {line["reference"]: line["outcome"] for line in lines}
    assert [*outcomes.items()] == [
        ("reversed", "reversed"),
        ("settled", "settled"),
        ("refused", "bet_refused"),
        ("never-came", "no_bet"),
        ("closed", "closed"),
        ("met", "reversed"),
        ("ours", "reversed"),
    ]
    assert len(lines) == len(outcomes)
    first, ours = lines[0], lines[-1]
    assert [*first][-6:] == [*("wallet", "wallet_ref", "cash", "replayed", "found_late", "batch")]
    told = {"wallet": "http", "wallet_ref": "=T-1", "cash": str(CASH), "replayed": False}
    unknown = dict.fromkeys(("stake", "state", "returned_cash", "returned_bonus", "reversal_id"))
    assert (told | unknown).items() <= first.items()
    told = {"wallet": "ledger", "wallet_ref": None, "cash": "10.00", "replayed": None}
    assert (told | {"stake": "4.00", "state": "reversed", "returned_cash": "4.00"}).items() <= (
        ours.items()
    )
    assert {line["wallet"] for line in lines if line["outcome"] == "closed"} == {None}

    header, row, *_ = unbet("export", *WHOLE).out.splitlines()
    assert header.endswith(",uuid,wallet,wallet_ref,cash,replayed,found_late,batch")
    assert row.endswith(f",http,'=T-1,{CASH},False,,")


@pytest.mark.usefixtures("told")
def test_an_export_is_a_list_that_agrees(unbet: Unbet, reconcile: Reconcile) -> None:
    lines = unbet("export", *WHOLE, "--format", "jsonl").lines
    document = reconcile(*lines, period=WHOLE)
    assert (document["ok"], document["rows"]) == (True, [])


@pytest.mark.parametrize(
    ("outcome", "found"), [("reversed", None), ("settled", ("differing", "told_success"))]
)
def test_of_a_bet_that_came_after_its_cancel_it_counts_what_the_wallet_said_at_last(
    engine: Engine,
    unbet: Unbet,
    reconcile: Reconcile,
    outcome: str,
    found: tuple[str, str] | None,
) -> None:
    tell(engine, "late", Outcome.NO_BET)
    with engine.begin() as connection:
        connection.execute(FIND_LATE, {"outcome": outcome})
    (line,) = unbet("export", *WHOLE, "--format", "jsonl").lines
    assert (line["outcome"], line["found_late"]) == ("no_bet", outcome)
    rows = reconcile({"reference": "late", "code": 0})["rows"]
    assert [(row["kind"], row["reason"]) for row in rows] == ([found] if found else [])


def test_a_round_is_not_taken_for_the_bet_of_its_name(
    engine: Engine, unbet: Unbet, reconcile: Reconcile
) -> None:
    tell(engine, "name", Outcome.REVERSED, of_round=True)
    with engine.begin() as connection:
        park(connection, [round_cancel("waits")], reason="no outcome in time")
    lines = ({"reference": "name", "code": 0}, {"reference": "waits"})
    rows = reconcile(*lines, period=WHOLE)["rows"]
    assert [(row["kind"], row["reason"]) for row in rows] == [("missing", "unknown")] * 2
    assert reconcile({"reference": "other"}, period=WHOLE)["extra"] == 0

    tell(engine, "name", Outcome.BET_REFUSED)
    (row,) = reconcile({"reference": "other", "code": 0}, period=WHOLE)["rows"][1:]
    assert (row["kind"], row["reference"], row["reason"]) == ("extra", "name", "bet_refused")
    outcomes = [line["outcome"] for line in unbet("export", *WHOLE, "--format", "jsonl").lines]
    assert outcomes == ["reversed", "bet_refused"]


def test_what_a_round_was_told_does_not_undo_the_closing_of_a_bet(
    engine: Engine, unbet: Unbet
) -> None:
    tell(engine, "name", Outcome.REVERSED, of_round=True)
    assert closed(engine, cancel_of("name")) is Outcome.CLOSED
    lines = unbet("export", *WHOLE, "--format", "jsonl").lines
    assert {line["outcome"] for line in lines} == {"closed", "reversed"}
    bet, of_round = cancel_of("name"), round_cancel("name")
    with engine.connect() as connection:
        assert find_closed(connection, [bet, of_round]) == {bet.request_id}
