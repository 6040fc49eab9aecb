"""A person closes a parked cancel: whoever asks afterwards is told to stop, and no money moves,
until a person reopens it."""

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from tests.making import Operator
from tests.system.processes import EXAMPLE, System
from tests.waiting import until

REFERENCE = EXAMPLE["reference"]
REASON = "paid by hand, ticket 4711"


@pytest.fixture
def system(idle_system: System) -> System:
    """A receiver and a worker without a sweep: what is parked waits for a person."""
    idle_system.environment |= {"UNBET_ANSWER_DEADLINE_S": "4", "UNBET_RESEND_AFTER_S": "1"}
    idle_system.start_both()
    return idle_system


@contextmanager
def held(engine: Engine, reference: str) -> Iterator[None]:
    """Somebody holds the bet's row."""
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        query = text("SELECT FROM bets WHERE reference = :reference FOR UPDATE")
        connection.execute(query, {"reference": reference})
        yield


def cash(operator: Operator) -> str:
    return f"{operator.balance('123456', 'USD').cash:.2f}"


def document(system: System, *arguments: str) -> Any:
    ran = system.unbet(*arguments, "--json")
    assert ran.returncode in (0, 1), ran.stderr
    return json.loads(ran.stdout)


def closed_one(system: System, operator: Operator) -> str:
    """A bet of 10.00 whose cancel was answered 100 and is then closed; our id of the request."""
    operator.deposit("100.00", user_id="123456", currency="USD")
    operator.bet(REFERENCE, "10.00", user_id="123456", currency="USD")
    with held(operator.engine, REFERENCE):
        assert system.cancel()["error"] == 100
    (parked,) = document(system, "parked", "list")["cancels"]
    request_id = str(parked["request_id"])
    closing = ("parked", "close", request_id, "--reason", REASON, "--by", "ann")
    assert document(system, *closing)["closed"] == 1
    return request_id


def test_a_closed_cancel_is_answered_so_that_the_provider_stops_and_moves_nothing(
    system: System, operator: Operator, tmp_path: Path
) -> None:
    request_id = closed_one(system, operator)

    for uuid in (EXAMPLE["uuid"], "another"):
        assert system.cancel(uuid=uuid)["error"] == 120
    assert cash(operator) == "90.00"

    (told,) = document(system, "explain", REFERENCE)["stories"]
    assert told["verdict"].startswith("Closed by ann on ")
    assert f"({REASON}): nothing was returned" in told["verdict"]
    (listed,) = document(system, "parked", "list", "--closed")["cancels"]
    assert (listed["outcome"], listed["amount"], listed["currency"]) == ("closed", "10.00", "USD")
    exported = system.unbet("export", "--since", "2020-01-01", "--until", "2100-01-01").stdout
    (row,) = csv.DictReader(exported.splitlines())
    assert (row["outcome"], row["returned_cash"]) == ("closed", "0.00")
    claims = tmp_path / "claims.csv"
    claims.write_text(f"reference,code\n{REFERENCE},0\n")
    (difference,) = document(system, "reconcile", str(claims))["rows"]
    assert (difference["reason"], difference["our_outcome"]) == ("closed", "closed")
    claims.write_text(f"reference,code\n{REFERENCE},120\n")
    assert document(system, "reconcile", str(claims))["ok"]
    assert document(system, "audit")["ok"]

    reopening = ("parked", "reopen", request_id, "--reason", "not paid after all", "--by", "bob")
    assert document(system, *reopening) == {"reopened": 1}
    system.start_sweep()
    until(lambda: cash(operator) == "100.00", "not given back", 20)
    for uuid in (EXAMPLE["uuid"], "a third"):
        assert system.cancel(uuid=uuid)["error"] == 0
    assert cash(operator) == "100.00"
    (told,) = document(system, "explain", REFERENCE)["stories"]
    assert told["verdict"].startswith("Cancelled once: 10.00 USD returned to cash")
    assert "closed by ann on " in told["verdict"]
    assert "reopened by bob on " in told["verdict"]
    assert document(system, "audit")["ok"]
