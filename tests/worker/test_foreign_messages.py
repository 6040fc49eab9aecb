"""What lies in Redis and is another deployment's, or an older version's."""

import base64
import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from uuid import uuid4

import pytest
import redis

from tests.making import KEYS, Operator, cancel_of, old_message
from tests.system.processes import System
from tests.system.watching import PLAYER, metric
from tests.tiers import long
from tests.waiting import until
from tests.worker.envelopes import envelope_of
from unbet.broker.presence import present
from unbet.core.message import QUEUE, Decision, Group, Reply
from unbet.core.outcomes import Outcome
from unbet.core.wire import decode_group, decode_reply, encode_group, encode_reply


@pytest.mark.long
def test_what_names_another_deployment_is_neither_decided_nor_answered_from(
    system: System, operator: Operator
) -> None:
    operator.deposit("100.00", **PLAYER)
    operator.bet("theirs", "10.00", **PLAYER)
    theirs = uuid4()
    cancel = cancel_of("theirs", user_id=PLAYER["user_id"], currency="USD")
    group = Group(version=3, deployment=theirs, reply_to="replies:nobody", cancels=(cancel,))
    with redis.Redis.from_url(system.environment["UNBET_BROKER_URL"]) as broker:
        broker.lpush(system.key(QUEUE), json.dumps(envelope_of(encode_group(group, KEYS))))
    until(lambda: f"of deployment {theirs}, not of" in system.said("worker"), "it was taken")
    [kept] = json.loads(system.unbet("rejected", "--json").stdout)["rejected"]
    assert f"of deployment {theirs}" in kept["problem"]
    assert operator.balance(**PLAYER).cash == Decimal(90)
    with redis.Redis.from_url(system.environment["UNBET_REDIS_URL"]) as replies:
        system.cancel(reference="ours")
        decisions = (Decision(request_id=uuid4(), outcome=Outcome.REVERSED),)
        forged = encode_reply(Reply(version=2, deployment=theirs, decisions=decisions), KEYS)
        replies.rpush(own_reply_list(system), forged)
    until(lambda: metric(system, 'unbet_foreign_total{kind="reply"}') == 1, "it was read")
    assert metric(system, 'unbet_rejected_total{kind="reply"}') == 0


def own_reply_list(system: System) -> str:
    """Of the one receiver: what it is waiting for."""
    with redis.Redis.from_url(system.environment["UNBET_BROKER_URL"]) as broker:
        queue = system.key(QUEUE)
        worker = system.processes.pop("worker")
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(system.cancel, reference="unread")
            until(lambda: broker.llen(queue), "nothing was published")
            envelope = json.loads(broker.lindex(queue, 0) or "")
            (message,), *_ = json.loads(base64.b64decode(envelope["body"]))
            return decode_group(message, KEYS).reply_to


@pytest.mark.parametrize("neighbour", [False, long(True)], ids=["alone", "with a neighbour"])
def test_what_an_older_version_left_on_the_queue_is_decided_unless_it_may_be_anothers(
    idle_system: System, operator: Operator, neighbour: bool
) -> None:
    """The queue had no deployment in its name, nor had what was taken and not acknowledged."""
    operator.deposit("100.00", **PLAYER)
    cancels = []
    for reference in ("waits", "taken"):
        operator.bet(reference, "10.00", **PLAYER)
        cancels.append(cancel_of(reference, user_id=PLAYER["user_id"], currency="USD"))
    waits, taken = (envelope_of(old_message(one, reply_to="unbet:replies:old")) for one in cancels)
    with (
        redis.Redis.from_url(idle_system.environment["UNBET_BROKER_URL"]) as broker,
        redis.Redis.from_url(idle_system.environment["UNBET_REDIS_URL"]) as replies,
    ):
        broker.lpush(QUEUE, json.dumps(waits))
        broker.hset("unacked", "tag", json.dumps([taken, "", QUEUE]))
        broker.zadd("unacked_index", {"tag": time.time() - 60})
        if neighbour:
            present(broker, uuid4())
        idle_system.start_worker()
        if neighbour:
            until(lambda: "are left" in idle_system.said("worker"), "it does not say so")
            assert broker.llen(QUEUE) == 1
            names = (QUEUE, "unacked", "unacked_index")
            until(lambda: all(broker.ttl(name) > 0 for name in names), "it has no end")
            assert operator.balance(**PLAYER).cash == Decimal(80)
            return
        until(lambda: replies.llen("unbet:replies:old") == 2, "they were not replied to")
        for document in replies.lrange("unbet:replies:old", 0, -1):
            reply = decode_reply(document, KEYS)
            assert (reply.version, reply.decisions[0].outcome) == (1, Outcome.REVERSED)
        assert not broker.exists(QUEUE, "unacked", "unacked_index")
    assert operator.balance(**PLAYER).cash == Decimal(100)
