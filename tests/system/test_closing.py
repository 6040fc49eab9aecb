"""A person closes a parked cancel: whoever asks afterwards is told to stop, and no money moves,
until a person reopens it."""

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.operating import Operator
from tests.system.processes import EXAMPLE, System
from tests.system.watching import PLAYER, require_sound
from tests.waiting import until

REFERENCE = EXAMPLE["reference"]
REASON = "paid by hand, ticket 4711"


@pytest.fixture
def system(idle_system: System) -> System:
    """A receiver alone: no worker and no sweep decides what a person is about to close."""
    idle_system.environment |= {"UNBET_ANSWER_DEADLINE_S": "4", "UNBET_RESEND_AFTER_S": "1"}
    idle_system.start_receiver()
    return idle_system


def cash(operator: Operator) -> str:
    return f"{operator.balance('123456', 'USD').cash:.2f}"


def document(system: System, *arguments: str) -> Any:
    ran = system.unbet(*arguments, "--json")
    assert ran.returncode in (0, 1), ran.stderr
    return json.loads(ran.stdout)


def closed_one(system: System, operator: Operator) -> str:
    """A bet of 10.00 whose cancel was answered 100 and is then closed, while its message is still
    on the queue; our id of the request."""
    operator.deposit("100.00", user_id="123456", currency="USD")
    operator.bet(REFERENCE, "10.00", user_id="123456", currency="USD")
    assert system.cancel()["error"] == 100
    (parked,) = document(system, "parked", "list")["cancels"]
    request_id = str(parked["request_id"])
    closing = ("parked", "close", request_id, "--reason", REASON, "--by", "ann")
    assert document(system, *closing)["closed"] == 1
    return request_id


@pytest.mark.long
@pytest.mark.timeout(240)  # each command is a process
def test_a_closed_cancel_is_answered_so_that_the_provider_stops_and_moves_nothing(
    system: System, operator: Operator
) -> None:
    request_id = closed_one(system, operator)
    system.start_worker()
    until(lambda: '"outcome":"closed"' in system.said("worker"), "its message was not read", 20)

    for uuid in (EXAMPLE["uuid"], "another"):
        assert system.cancel(uuid=uuid)["error"] == 120
    assert cash(operator) == "90.00"

    (told,) = document(system, "explain", REFERENCE)["stories"]
    assert told["verdict"].startswith("Closed by ann on ")
    assert f"({REASON}): nothing was returned" in told["verdict"]
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
    require_sound(system)


@pytest.mark.long
def test_what_a_person_has_closed_stays_closed_though_its_message_waits_on_the_queue(
    idle_system: System, operator: Operator
) -> None:
    idle_system.environment["UNBET_ANSWER_DEADLINE_S"] = "6"
    idle_system.start_receiver()
    operator.deposit("100.00", **PLAYER)
    operator.bet("r1", "10.00", **PLAYER)
    assert idle_system.cancel(reference="r1")["error"] == 100
    [waits] = json.loads(idle_system.unbet("parked", "list", "--json").stdout)["cancels"]
    close = ["parked", "close", waits["request_id"], "--reason", "paid by hand"]
    assert idle_system.unbet(*close).returncode == 0
    idle_system.start_worker()
    idle_system.cancel(reference="another")  # behind it on the queue
    idle_system.wait("the worker", lambda: "another" in idle_system.said("worker"))
    assert operator.balance(**PLAYER).cash == Decimal(90)
    assert idle_system.unbet("parked", "retry", waits["request_id"]).returncode == 1
    reopen = ["parked", "reopen", waits["request_id"], "--reason", "it was not paid"]
    assert idle_system.unbet(*reopen).returncode == 0
    idle_system.start_sweep()
    idle_system.wait("the sweep", lambda: operator.balance(**PLAYER).cash == Decimal(100))
    assert idle_system.unbet(*close).returncode == 1, "it is decided"
