"""Two deployments, each with its own database, on one Redis: they do not meet, and both say that
the other is there."""

import base64
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import redis

from tests.databases import deployment_at
from tests.making import KEYS, MESSAGE_KEY, Operator, cancel_of
from tests.system.envelopes import envelope_of
from tests.system.processes import System
from tests.system.watching import PLAYER, metric, timed, tombstones
from tests.waiting import until
from unbet import connect_to
from unbet.broker.presence import PRESENT, present
from unbet.core.message import (
    QUEUE,
    Decision,
    Group,
    Reply,
    decode_group,
    decode_reply,
    encode_group,
    encode_reply,
)
from unbet.core.outcomes import Outcome
from worker.apart import OLD_CONTROL

CANCELS = 60
ANOTHER_KEY = "the message key of the other deployment"


@pytest.fixture
def other_system(
    idle_system: System, new_database: Callable[[], str], tmp_path: Path
) -> Iterator[System]:
    """A system on another database and the same Redis, in which nothing runs yet."""
    logs = tmp_path / "other"
    logs.mkdir()
    own = {"UNBET_DATABASE_URL": new_database(), "UNBET_SPOOL_DIR": str(logs / "spool")}
    system = System(idle_system.environment | own, logs)
    yield system
    system.stop()


@pytest.fixture
def other_operator(other_system: System) -> Iterator[Operator]:
    engine = connect_to(other_system.environment["UNBET_DATABASE_URL"], name="test")
    yield Operator(engine)
    engine.dispose()


@pytest.mark.parametrize("key", [MESSAGE_KEY, ANOTHER_KEY], ids=["the same key", "another key"])
def test_two_deployments_on_one_redis_do_not_meet(
    idle_system: System,
    operator: Operator,
    other_system: System,
    other_operator: Operator,
    key: str,
) -> None:
    other_system.environment["UNBET_MESSAGE_KEY"] = key
    sides = {"here": (idle_system, operator), "there": (other_system, other_operator)}
    for name, (system, own) in sides.items():
        own.deposit("1000.00", **PLAYER)
        for number in range(CANCELS):
            own.bet(f"{name}-{number}", "1.00", **PLAYER)
        system.start_both()
    with ThreadPoolExecutor(8) as pool:
        answers = {
            name: [pool.submit(timed, system, f"{name}-{number}") for number in range(CANCELS)]
            for name, (system, _) in sides.items()
        }
        seconds = []
        for name, futures in answers.items():
            for future in futures:
                code, took_s = future.result()
                assert code == 0, name
                seconds.append(took_s)
    stands = {name: 1000 - own.balance(**PLAYER).cash for name, (_, own) in sides.items()}
    assert stands == {"here": Decimal(0), "there": Decimal(0)}, "answered 0, and the bets stand"
    assert [tombstones(own) for _, own in sides.values()] == [0, 0]
    assert max(seconds) < 5, "some were decided after a resend, or out of parking"
    both_say_that_the_other_is_there(idle_system, other_system)
    nothing_has_a_name_that_both_use(idle_system, other_system)


def both_say_that_the_other_is_there(*systems: System) -> None:
    ids = [deployment_at(system.environment["UNBET_DATABASE_URL"]) for system in systems]
    for system, own, other in zip(systems, ids, reversed(ids), strict=True):

        def is_told(system: System = system, own: UUID = own, other: UUID = other) -> bool:
            told = system.http.get("/readyz").json()
            return (told["deployment"], told["other_deployments"]) == (str(own), [str(other)])

        until(is_told, "it is not shown at /readyz")
        for process in ("receiver", "worker"):
            until(lambda s=system, p=process, o=other: str(o) in s.said(p), "not in the log")  # type: ignore[misc]
        assert "another deployment uses this Redis" in system.said("receiver")
        assert metric(system, 'unbet_foreign_total{kind="deployment"}') == 1
        assert metric(system, 'unbet_foreign_total{kind="message"}') == 0


def nothing_has_a_name_that_both_use(*systems: System) -> None:
    own = tuple(system.key("") for system in systems)
    for variable in ("UNBET_BROKER_URL", "UNBET_REDIS_URL"):
        with redis.Redis.from_url(systems[0].environment[variable]) as client:
            names = {name.decode() for name in client.scan_iter()}
            assert {name for name in names if not name.startswith(own)} <= {PRESENT}
            # Redis does not list who listens to a pattern; how many have got a message it says.
            database = client.connection_pool.connection_kwargs["db"]
            own_channel = f"{systems[0].key('')}{OLD_CONTROL.format(db=database)}"
            assert client.publish(OLD_CONTROL.format(db=database), b"") == 0
            if variable == "UNBET_BROKER_URL":
                assert client.publish(own_channel, b"") == 1, "the question is asked wrongly"


def test_what_names_another_deployment_is_neither_decided_nor_answered_from(
    system: System, operator: Operator
) -> None:
    operator.deposit("100.00", **PLAYER)
    operator.bet("theirs", "10.00", **PLAYER)
    theirs = uuid4()
    cancel = cancel_of("theirs", user_id=PLAYER["user_id"], currency="USD")
    group = Group(reply_to="replies:nobody", cancels=(cancel,)).of(theirs)
    with redis.Redis.from_url(system.environment["UNBET_BROKER_URL"]) as broker:
        broker.lpush(system.key(QUEUE), json.dumps(envelope_of(encode_group(group, KEYS))))
    until(lambda: f"of deployment {theirs}, not of" in system.said("worker"), "it was taken")
    [kept] = json.loads(system.unbet("rejected", "--json").stdout)["rejected"]
    assert f"of deployment {theirs}" in kept["problem"]
    assert operator.balance(**PLAYER).cash == Decimal(90)
    with redis.Redis.from_url(system.environment["UNBET_REDIS_URL"]) as replies:
        system.cancel(reference="ours")
        decisions = (Decision(request_id=uuid4(), outcome=Outcome.REVERSED),)
        forged = encode_reply(Reply(decisions=decisions).of(theirs), KEYS)
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


@pytest.mark.parametrize("neighbour", [False, True], ids=["alone", "with a neighbour"])
def test_what_an_older_version_left_on_the_queue_is_decided_unless_it_may_be_anothers(
    idle_system: System, operator: Operator, neighbour: bool
) -> None:
    """The queue had no deployment in its name, nor had what was taken and not acknowledged."""
    operator.deposit("100.00", **PLAYER)
    cancels = []
    for reference in ("waits", "taken"):
        operator.bet(reference, "10.00", **PLAYER)
        cancels.append(cancel_of(reference, user_id=PLAYER["user_id"], currency="USD"))
    waits, taken = (
        envelope_of(encode_group(Group(reply_to="unbet:replies:old", cancels=(one,)), KEYS))
        for one in cancels
    )
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
