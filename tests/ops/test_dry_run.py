"""`unbet explain REFERENCE --dry-run BODY`: what a Cancel would be answered, and nothing else.

(Over 250 lines: each outcome and each refusal of a Cancel is foretold once.)
"""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text

from tests.databases import tables, url_as
from tests.making import PROVIDER, Operator, cancel_of
from tests.ops.conftest import Ran, Unbet
from unbet.core.outcomes import Outcome
from unbet.database.roles import Role
from unbet.dialects.answers import AnswerContext
from unbet.dialects.body import render
from unbet.dialects.lucky_monaco import V1

BODY = {
    "userId": "alice",
    "providerId": PROVIDER.lower(),
    "gameName": "tumblefortune",
    "gameId": "Im_60_tumblefortune",
    "currency": "EUR",
    "reference": "r1",
    "uuid": "0" * 32,
    "sessionId": "hidden-session",
    "roundId": "round-1",
}
V4_SUCCESS = '{"error":0,"description":"Success","reference":"r1"}'

DryRun = Callable[..., Ran]


@pytest.fixture
def worker(database_url: str, unbet: Unbet, monkeypatch: pytest.MonkeyPatch) -> Unbet:
    """Runs `unbet ARGUMENTS` with a worker's rights: the cancel is really decided."""
    monkeypatch.setenv("UNBET_DATABASE_URL", url_as(Role.WORKER, database_url))
    return unbet


@pytest.fixture
def dry_run(worker: Unbet, tmp_path: Path) -> DryRun:
    """Runs it with `BODY`, some of whose fields may be others; None takes one away."""

    def run(*options: str, bet: str = "r1", **fields: str | None) -> Ran:
        said = BODY | {"reference": bet} | fields
        file = tmp_path / "body.json"
        file.write_text(json.dumps({name: said[name] for name in said if said[name] is not None}))
        return worker("explain", bet, "--dry-run", file, *options)

    return run


def everything(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    """Each row of each table, with who changed it last."""

    def rows(connection: Connection, query: str) -> list[tuple[object, ...]]:
        return sorted(map(tuple, connection.execute(text(query))), key=repr)

    with engine.connect() as connection:
        return {
            table: rows(connection, f"SELECT xmin::text, t.*::text FROM {table} AS t")
            for table in tables(connection)
        }


def test_a_bet_that_stands_would_be_returned(dry_run: DryRun, operator: Operator) -> None:
    operator.deposit("3.00")
    operator.deposit("5.00", bonus=True)
    operator.bet("r1", "4.00")

    ran = dry_run()

    assert (ran.status, ran.err) == (0, "")
    assert ran.out == (
        f"Would be answered: {V4_SUCCESS}\n"
        "The bet stands: its stake would be returned; cash 0.00 + 3.00 = 3.00, "
        "bonus 4.00 + 1.00 = 5.00.\n"
        "Nothing was changed.\n"
    )


def test_the_document_has_what_is_said_and_what_would_be_returned(
    dry_run: DryRun, operator: Operator
) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "4.00")

    document = dry_run("--json").document

    (entry,) = document.pop("returned")
    assert (entry["kind"], entry["amount"], entry["balance_after"]) == ("cash", "4.00", "10.00")
    assert document == {
        "reference": "r1",
        "provider": PROVIDER,
        "dialect": "lucky-monaco-v4",
        "http_status": 200,
        "answer": {"error": 0, "description": "Success", "reference": "r1"},
        "given_when_decided": [],
        "outcome": "reversed",
        "is_repeat": False,
        "says": "The bet stands: its stake would be returned; cash 6.00 + 4.00 = 10.00.",
    }


def test_the_later_dialect_is_answered_as_the_decision_will_be(
    dry_run: DryRun, operator: Operator
) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "4.00")

    before = dry_run("--dialect", V1.name, "--json").document
    (decided,) = operator.cancel(cancel_of("r1"))
    after = dry_run("--dialect", V1.name, "--json").document

    real = json.loads(render(V1, AnswerContext(V1.answer_of(decided.outcome), "r1", decided)))
    assert after["answer"] == real
    assert (after["is_repeat"], after["given_when_decided"], after["returned"]) == (True, [], [])
    del real["transactionId"]
    assert (before["answer"], before["given_when_decided"]) == (real, ["transactionId"])
    assert "It was decided before (reversed)" in dry_run().out


@pytest.mark.parametrize(
    ("fields", "code", "says"),
    [
        ({"userId": "bob"}, 7, "The bet is another player's: nothing would change."),
        ({"currency": "USD"}, 2, "The bet is in another currency: nothing would change."),
        ({"sessionId": None}, 7, "Refused, with no trace in the ledger: sessionId is missing."),
        (
            {"providerId": "Another"},
            7,
            "Refused, with no trace in the ledger: providerId is not this endpoint's.",
        ),
    ],
)
def test_a_refusal_has_its_code_and_its_sentence(
    dry_run: DryRun, operator: Operator, fields: dict[str, str | None], code: int, says: str
) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "4.00")

    document = dry_run("--json", **fields).document

    assert (document["answer"]["error"], document["says"]) == (code, says)
    assert document["answer"]["description"] != "Success"


def test_an_unknown_bet_would_be_refused_or_held(
    dry_run: DryRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "from then on it would be refused" in dry_run().out
    monkeypatch.setenv("UNBET_UNKNOWN_REFERENCE", "hold")
    assert '"error":100' in dry_run().out
    assert "would be parked until it is imported" in dry_run().out


def test_provider_and_dialect_are_those_of_the_environment(
    dry_run: DryRun, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "4.00", provider="Another")
    monkeypatch.setenv("UNBET_PROVIDER_ID", "Another")
    monkeypatch.setenv("UNBET_DIALECT", V1.name)

    document = dry_run("--json", providerId="another").document

    assert (document["provider"], document["dialect"]) == ("Another", V1.name)
    assert (document["outcome"], document["answer"]["cash"]) == (
        "reversed",
        "10.000000000000000000",
    )
    named = dry_run("--json", "--provider", PROVIDER, "--dialect", "lucky-monaco-v4").document
    assert (named["provider"], named["outcome"]) == (PROVIDER, "no_bet")


def test_of_several_endpoints_the_one_is_taken_that_is_meant(
    dry_run: DryRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = "the-secret-of-the-first", "the-secret-of-the-second"
    one = {"provider": "Another", "dialect": V1.name}
    monkeypatch.setenv("UNBET_ENDPOINTS", json.dumps({first: {"provider": PROVIDER}, second: one}))

    meant = dry_run("--json", "--provider", "Another", providerId="another").document
    unclear = dry_run("--json")

    assert (meant["provider"], meant["dialect"]) == ("Another", V1.name)
    assert unclear.status == 2
    assert "--provider and --dialect" in unclear.err
    monkeypatch.setenv("UNBET_ENDPOINTS", json.dumps({second: one}))
    assert dry_run("--json", providerId="another").document["provider"] == "Another"


@pytest.mark.parametrize("fields", [{}, {"sessionId": None}])
def test_a_body_of_another_reference_is_an_error(
    dry_run: DryRun, fields: dict[str, str | None]
) -> None:
    ran = dry_run(bet="r2", reference="r1", **fields)

    assert (ran.status, ran.out) == (2, "")
    assert "the body's reference is 'r1', not 'r2'" in ran.err


def test_the_body_can_come_from_the_input(worker: Unbet, monkeypatch: pytest.MonkeyPatch) -> None:
    body = "\ufeff" + json.dumps(BODY)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(body.encode())))

    assert V4_SUCCESS in worker("explain", "r1", "--dry-run", "-").out


def test_a_body_that_is_too_long_would_not_be_read(dry_run: DryRun) -> None:
    ran = dry_run(more="x" * 16 * 1024)

    assert ran.out.startswith("Would be answered: HTTP 413, without a body\n")
    assert dry_run("--json", more="x" * 16 * 1024).document["answer"] is None


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--dry-run", "nowhere.json"], "nowhere.json: No such file"),
        (["--dry-run", "/dev/null", "--dialect", "v9"], "--dialect is none of bgaming, "),
        (["--dialect", "lucky-monaco-v4"], "--dialect is for --dry-run"),
    ],
)
def test_wrong_usage_is_told(unbet: Unbet, options: list[str], problem: str) -> None:
    ran = unbet("explain", "r1", *options)

    assert (ran.status, ran.out) == (2, "")
    assert problem in ran.err


def test_it_leaves_no_trace(dry_run: DryRun, operator: Operator, engine: Engine) -> None:
    operator.deposit("100.00")
    for reference in ("placed", "settled", "cancelled"):
        operator.bet(reference, "1.00")
    operator.bet("refused", "1000.00")
    operator.settle("settled", "2.00")
    operator.cancel(cancel_of("cancelled"))
    before = everything(engine)

    outcomes = {
        dry_run("--json", bet=bet, userId=user).document["outcome"]
        for bet in ("placed", "settled", "cancelled", "refused", "nowhere")
        for user in ("alice", "bob")
    }

    assert outcomes == {"reversed", "settled", "bet_refused", "no_bet", "mismatch"}
    assert everything(engine) == before


@pytest.mark.parametrize("locked", ["bets WHERE reference = 'r1'", "accounts WHERE kind = 'cash'"])
def test_it_does_not_wait_for_a_lock_as_long_as_that_is_held(
    dry_run: DryRun, operator: Operator, engine: Engine, locked: str
) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "4.00")
    with engine.begin() as connection:
        connection.execute(text(f"SELECT FROM unbet_ledger.{locked} FOR UPDATE"))
        ran = dry_run()
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == "unbet: the database refused: canceling statement due to lock timeout\n"


def test_it_holds_no_lock_afterwards(dry_run: DryRun, operator: Operator) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "4.00")

    assert V4_SUCCESS in dry_run().out

    (decided,) = operator.cancel(cancel_of("r1"))
    assert decided.outcome is Outcome.REVERSED


def test_a_login_that_may_not_cancel_is_told_so(unbet: Unbet, tmp_path: Path) -> None:
    file = tmp_path / "body.json"
    file.write_text(json.dumps(BODY))

    ran = unbet("explain", "r1", "--dry-run", file)

    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("unbet: the database refused: permission denied for table ")


def test_the_players_session_is_not_shown(dry_run: DryRun) -> None:
    for options in ([], ["--json"]):
        assert BODY["sessionId"] not in dry_run(*options).out
        assert BODY["sessionId"] not in dry_run(*options, userId=None).out
