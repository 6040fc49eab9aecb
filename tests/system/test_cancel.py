"""A provider's Cancel, from HTTP through queue, worker and ledger to the answer."""

import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from sqlalchemy import text

from tests.databases import deployment_at
from tests.operating import Operator
from tests.system.processes import EXAMPLE, System
from tests.system.watching import PLAYER
from tests.waiting import until

SUCCESS = {"error": 0, "description": "Success", "reference": EXAMPLE["reference"]}
REFERENCE = EXAMPLE["reference"]


@pytest.fixture
def system(shared_system: System) -> System:
    return shared_system


@pytest.fixture
def operator(shared_operator: Operator) -> Operator:
    return shared_operator


def test_the_seeds_example_gives_the_stake_back(system: System, operator: Operator) -> None:
    operator.deposit("100.00", **PLAYER)
    operator.bet(REFERENCE, "10.00", **PLAYER)
    response = system.http.post(system.path, json=EXAMPLE)
    assert response.status_code == 200
    assert response.json() == SUCCESS
    assert response.headers["content-type"] == "application/json"
    assert operator.balance(**PLAYER).cash == Decimal(100)
    assert json.loads(system.unbet("audit", "--json").stdout)["ok"] is True


def test_four_and_fifty_equal_cancels_give_one_reversal_and_equal_answers(
    system: System, operator: Operator
) -> None:
    operator.deposit("100.00", **PLAYER)
    operator.bet(REFERENCE, "10.00", **PLAYER)
    answers = [system.cancel() for _ in range(4)]
    with ThreadPoolExecutor(50) as pool:
        answers += list(pool.map(lambda n: system.cancel(uuid=f"{n:032}"), range(50)))
    assert answers == [SUCCESS] * 54
    with operator.engine.connect() as connection:
        query = text("SELECT count(*) FROM unbet_ledger.transfers WHERE kind = 'reversal'")
        assert connection.execute(query).scalar() == 1
    assert operator.balance(**PLAYER).cash == Decimal(100)


def test_every_outcome_has_its_answer(system: System, operator: Operator) -> None:
    operator.deposit("100.00", **PLAYER)
    for reference in ("placed", "settled", "mine"):
        operator.bet(reference, "10.00", **PLAYER)
    operator.settle("settled", "5.00")
    operator.bet("refused", "1000.00", **PLAYER)
    told = {
        name: (
            system.cancel(**fields)["error"],
            system.cancel(**fields)["description"],
        )
        for name, fields in {
            "reversed": {"reference": "placed"},
            "other spelling": {"reference": "placed", "providerId": "luckymonaco"},
            "no bet": {"reference": "unknown"},
            "refused": {"reference": "refused"},
            "settled": {"reference": "settled"},
            "mismatch": {"reference": "mine", "userId": "mallory"},
            "currency": {"reference": "mine", "currency": "EUR"},
            "bad": {"reference": "mine", "userId": ""},
        }.items()
    }
    assert told == {
        "reversed": (0, "Success"),
        "other spelling": (0, "Success"),
        "no bet": (0, "Success"),
        "refused": (0, "Success"),
        "settled": (120, "The bet is settled"),
        "mismatch": (7, "userId is not the bet's"),
        "currency": (2, "currency is not the bet's"),
        "bad": (7, "userId is blank or has a character that is not allowed"),
    }
    assert system.cancel(reference="mine")["error"] == 0
    assert operator.bet("unknown", "10.00", **PLAYER).refusal == "cancelled"
    assert operator.balance(**PLAYER).cash == Decimal(95)


def test_both_spellings_of_the_games_name_a_bom_and_any_content_type_are_accepted(
    system: System,
) -> None:
    body = {k: v for k, v in EXAMPLE.items() if k != "gameName"} | {"gamename": "tumblefortune"}
    response = system.http.post(
        system.path,
        content=b"\xef\xbb\xbf" + json.dumps(body).encode(),
        headers={"content-type": "text/plain; charset=latin-1"},
    )
    assert response.json() == SUCCESS


def test_what_is_refused_at_validation_leaves_no_trace_in_the_ledger(
    system: System, operator: Operator
) -> None:
    wrong_secret = system.http.post("/another-secret-altogether/V4/Cancel", json=EXAMPLE)
    nowhere = system.http.post("/nowhere", json=EXAMPLE)
    assert (wrong_secret.status_code, wrong_secret.content) == (404, b"")
    assert (nowhere.status_code, nowhere.content) == (404, b"")
    assert system.http.get("/another-secret-altogether/V4/Cancel").status_code == 404
    assert system.http.get(system.path).status_code == 405
    assert system.http.post(system.path, content=b"x" * 20_000).status_code == 413
    assert system.http.post(system.path, content=b"{").json()["error"] == 7
    with operator.engine.connect() as connection:
        for table in ("unbet_ledger.bets", "unbet.requests", "unbet.parked"):
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 0


def test_the_answer_is_noted_with_its_code_and_time(system: System, operator: Operator) -> None:
    system.cancel()
    with operator.engine.connect() as connection:
        for _ in range(100):
            rows = connection.execute(
                text("SELECT * FROM unbet.answers JOIN unbet.requests USING (request_id)")
            )
            found = rows.mappings().all()
            if found:
                break
            connection.execute(text("SELECT pg_sleep(0.05)"))
    (row,) = found
    assert (row["code"], row["outcome"], row["uuid"]) == ("0", "no_bet", EXAMPLE["uuid"])
    assert 0 < row["seconds"] < 8
    assert json.loads(row["body"]) == EXAMPLE


def test_readiness_names_what_is_away_and_health_does_not_depend_on_it(
    system: System,
) -> None:
    assert system.http.get("/healthz").json() == {"status": "ok"}
    until(lambda: system.http.get("/readyz").json()["wallets"][0]["promises"], "no worker has told")
    shown = system.http.get("/readyz").json()
    (wallet,) = shown.pop("wallets")
    assert [promise["holds"] for promise in wallet.pop("promises")] == [True] * 4
    assert wallet == {
        "endpoint": 1,
        "provider": "LuckyMonaco",
        "dialect": "lucky-monaco-v4",
        "wallet": "ledger",
    }
    assert shown == {
        "ready": True,
        "ledger": "ok",
        "broker": "ok",
        "replies": "ok",
        "deployment": str(deployment_at(system.environment["UNBET_DATABASE_URL"])),
        "other_deployments": [],
        "dry_run": False,
        "wallets_differ": None,
    }


def test_no_log_shows_the_secret(system: System) -> None:
    system.cancel()
    system.http.post(system.path, content=b"{")
    said = system.said("receiver") + system.said("worker")
    assert "answered" in said
    assert system.environment["UNBET_URL_SECRET"] not in said
