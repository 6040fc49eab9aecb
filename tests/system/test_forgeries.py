"""What is written into Redis by somebody without the key, on real processes."""

import base64
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
import redis

from contract.message import QUEUE, Decision, Group, Reply, decode_group, encode_group, encode_reply
from contract.outcomes import Outcome
from contract.signing import Keys
from tests.making import KEYS, Operator, cancel_of
from tests.system.faults.watching import metric, until
from tests.system.processes import System

ANOTHERS_KEYS = Keys(["a key that somebody else has made up by himself"])


def test_a_forged_message_moves_no_money_and_is_kept_aside(
    system: System, operator: Operator
) -> None:
    operator.deposit("100.00")
    operator.bet("r1", "10.00")
    group = Group(reply_to="unbet:replies:nobody", cancels=(cancel_of("r1"),))
    with redis.Redis.from_url(system.environment["UNBET_BROKER_URL"]) as broker:
        system.cancel()  # the form of a message is there to be seen by who can read Redis
        for forged in (encode_group(group, ANOTHERS_KEYS), group.model_dump_json()):
            broker.lpush(QUEUE, _as_celery_has_it(forged))
    until(lambda: "a message was rejected" in system.said("worker"), "it was not rejected")
    shown = json.loads(system.unbet("rejected", "--json").stdout)["rejected"]
    until(
        lambda: len(json.loads(system.unbet("rejected", "--json").stdout)["rejected"]) == 2,
        f"kept aside are {shown}",
    )
    assert operator.balance().cash == Decimal(90)
    signed = _as_celery_has_it(encode_group(group, KEYS))
    with redis.Redis.from_url(system.environment["UNBET_BROKER_URL"]) as broker:
        broker.lpush(QUEUE, signed)
    until(lambda: operator.balance().cash == Decimal(100), "and yet this one is ours")


def _as_celery_has_it(message: str) -> str:
    body = base64.b64encode(json.dumps([[message], {}, {}]).encode()).decode()
    headers = {"lang": "py", "task": "unbet.cancel", "id": "0" * 32, "root_id": "0" * 32}
    properties = {
        "correlation_id": "0" * 32,
        "delivery_mode": 2,
        "delivery_info": {"exchange": "", "routing_key": QUEUE},
        "priority": 0,
        "body_encoding": "base64",
        "delivery_tag": f"forged-{message[:8]}-{len(message)}",
    }
    return json.dumps(
        {
            "body": body,
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": headers,
            "properties": properties,
        }
    )


def test_a_forged_reply_changes_no_answer(idle_system: System) -> None:
    idle_system.environment["UNBET_ANSWER_DEADLINE_S"] = "4"
    idle_system.start_receiver()
    with (
        redis.Redis.from_url(idle_system.environment["UNBET_BROKER_URL"]) as broker,
        redis.Redis.from_url(idle_system.environment["UNBET_REDIS_URL"]) as replies,
        ThreadPoolExecutor(1) as pool,
    ):
        answer = pool.submit(idle_system.cancel)
        until(lambda: broker.llen(QUEUE), "nothing was published")
        envelope = json.loads(broker.lindex(QUEUE, 0))  # type: ignore[arg-type]
        (message,), *_ = json.loads(base64.b64decode(envelope["body"]))
        group = decode_group(message, KEYS)
        told = Reply(
            decisions=(Decision(request_id=group.cancels[0].request_id, outcome=Outcome.REVERSED),)
        )
        for forged in (encode_reply(told, ANOTHERS_KEYS), told.model_dump_json(), "\x00", "x:y"):
            replies.rpush(group.reply_to, forged)
        assert answer.result()["error"] == 100
        assert replies.llen("unbet:rejected") == 4
    assert metric(idle_system, 'unbet_rejected_total{kind="reply"}') == 4


@pytest.mark.parametrize("process", ["receiver", "worker"])
def test_without_a_key_nothing_starts(idle_system: System, process: str) -> None:
    del idle_system.environment["UNBET_MESSAGE_KEY"]
    command = (
        ["-m", "api"] if process == "receiver" else ["-m", "celery", "-A", "worker.app", "worker"]
    )
    idle_system.start(process, sys.executable, *command)
    assert idle_system.processes[process].wait(timeout=30) != 0
    assert "UNBET_MESSAGE_KEY is not set" in idle_system.said(process)
