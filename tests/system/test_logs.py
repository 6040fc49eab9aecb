"""One cancel can be followed by its ids through the logs of all processes."""

import json
from typing import Any

from sqlalchemy import Engine, text

from tests.operating import Operator
from tests.system.processes import MESSAGE_KEY, System
from tests.system.watching import PLAYER
from tests.waiting import until

Line = dict[str, Any]


def lines(system: System, name: str, event: str, reference: str) -> list[Line]:
    """What the process has said about the cancel."""
    said = [json.loads(line) for line in system.said(name).splitlines()]
    return [one for one in said if (one["event"], one.get("reference")) == (event, reference)]


def test_a_cancel_is_followed_from_receiver_to_worker_and_a_parked_one_to_the_sweep(
    idle_system: System, engine: Engine
) -> None:
    system, operator = idle_system, Operator(engine)
    # A slow machine would have the locked one sent again, in another group.
    system.environment |= {"UNBET_LOG_FORMAT": "json", "UNBET_RESEND_AFTER_S": "6"}
    system.start_both()
    operator.deposit("10.00", **PLAYER)
    for reference in ("straight", "locked"):
        operator.bet(reference, "1.00", **PLAYER)
    assert system.cancel(reference="straight", uuid="u1")["error"] == 0
    with engine.connect() as connection:
        connection.execute(
            text("SELECT FROM unbet_ledger.bets WHERE reference = 'locked' FOR UPDATE")
        )
        assert system.cancel(reference="locked", uuid="u2")["error"] == 100
    system.start_sweep()
    until(lambda: lines(system, "sweep", "decided", "locked"), "the sweep did not decide it")
    # A worker replies first and then says so in its log.
    until(lambda: lines(system, "worker", "decided", "straight"), "the worker said nothing")
    until(lambda: lines(system, "worker", "parked", "locked")[1:], "the worker did not say it all")

    (answered,) = lines(system, "receiver", "answered", "straight")
    (decided,) = lines(system, "worker", "decided", "straight")
    for name in ("request_id", "group", "uuid", "outcome"):
        assert answered[name] == decided[name], name
    assert (answered["uuid"], answered["outcome"], answered["code"]) == ("u1", "reversed", 0)
    assert 0 < decided["seconds"] < answered["seconds"] < 10

    (answered,) = lines(system, "receiver", "answered", "locked")
    parked = lines(system, "worker", "parked", "locked")[-1]
    (decided,) = lines(system, "sweep", "decided", "locked")
    assert answered["request_id"] == parked["request_id"] == decided["request_id"]
    assert answered["group"] == parked["group"]
    assert answered["uuid"] == parked["uuid"] == decided["uuid"] == "u2"
    assert [one["outcome"] for one in (answered, parked, decided)] == [
        "parked",
        "parked",
        "reversed",
    ]
    assert decided["seconds"] > answered["seconds"]
    said = "".join(map(system.said, system.processes))
    for secret in (
        system.environment["UNBET_URL_SECRET"],
        MESSAGE_KEY,
        "a-password-for-tests-only",
    ):
        assert secret not in said
