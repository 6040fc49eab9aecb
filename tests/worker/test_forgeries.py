"""What is written into Redis by somebody without the key, on real processes."""

import base64
import json
import os
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest
import redis

from tests.databases import deployment_at
from tests.making import KEYS, cancel_of, old_message
from tests.operating import Operator
from tests.system.processes import System
from tests.system.watching import metric
from tests.waiting import until
from tests.worker.envelopes import DUE, NOT_OURS, Envelope, due_at, envelope_of
from unbet.broker.rejected import LIST, MAX_LENGTH
from unbet.core.message import QUEUE, Decision, Group, Reply
from unbet.core.outcomes import Outcome
from unbet.core.wire import Keys, decode_group, encode_group, encode_reply

ANOTHERS_KEYS = Keys(["a key that somebody else has made up by himself"])


def test_a_forged_message_moves_no_money_and_is_kept_aside(
    system: System, operator: Operator
) -> None:
    operator.deposit("100.00")
    operator.bet("r1", "10.00")
    group = Group(
        version=3,
        deployment=deployment_at(system.environment["UNBET_DATABASE_URL"]),
        reply_to="unbet:replies:nobody",
        cancels=(cancel_of("r1"),),
    )
    with redis.Redis.from_url(system.environment["UNBET_BROKER_URL"]) as broker:
        system.cancel()  # the form of a message is there to be seen by who can read Redis
        for forged in (encode_group(group, ANOTHERS_KEYS), group.model_dump_json()):
            broker.lpush(system.key(QUEUE), json.dumps(envelope_of(forged)))
    until(lambda: "a message was rejected" in system.said("worker"), "it was not rejected")
    until(lambda: len(_rejected(system)) == 2, "they were not kept aside")
    assert operator.balance().cash == Decimal(90)
    signed = nested_headers(envelope_of(encode_group(group, KEYS)))
    with redis.Redis.from_url(system.environment["UNBET_BROKER_URL"]) as broker:
        broker.lpush(system.key(QUEUE), signed)
    until(lambda: operator.balance().cash == Decimal(100), "and yet this one is ours")


@pytest.mark.long
def test_what_is_none_of_ours_ends_no_worker_and_is_kept_aside(
    idle_system: System, operator: Operator, tmp_path: Path
) -> None:
    operator.deposit("100.00")
    for reference in ("r1", "r2"):
        operator.bet(reference, "10.00")
    (tmp_path / "metrics").mkdir()
    idle_system.environment["PROMETHEUS_MULTIPROC_DIR"] = str(tmp_path / "metrics")
    idle_system.start_both()
    worker = idle_system.processes["worker"]
    signed = old_message(cancel_of("r1"), reply_to="x")
    sent = {name: make(signed) for name, make in NOT_OURS.items()}
    with (
        redis.Redis.from_url(idle_system.environment["UNBET_BROKER_URL"]) as broker,
        redis.Redis.from_url(idle_system.environment["UNBET_REDIS_URL"]) as replies,
    ):
        for number, (name, text) in enumerate(sent.items(), 1):
            broker.lpush(idle_system.key(QUEUE), text.encode(errors="surrogateescape"))
            wait_until_rejected(idle_system, replies, number, name)
        assert idle_system.cancel(reference="r2", userId="alice", currency="EUR")["error"] == 0
        until(lambda: is_empty(idle_system, broker), "something is still there")
    kept = [entry["content"] for entry in _rejected(idle_system)]
    shown = {
        name: text.encode(errors="surrogateescape").decode(errors="replace")[:MAX_LENGTH]
        for name, text in sent.items()
    }
    assert [name for name, text in shown.items() if text not in kept] == []
    assert len(kept) == len(sent)
    assert metric(idle_system, 'unbet_rejected_total{kind="message"}') == len(sent)
    assert operator.balance().cash == Decimal(90), "more than the genuine one was applied"
    idle_system.processes.pop("worker").terminate()
    assert worker.wait(timeout=30) == 0
    idle_system.start_worker("next")
    assert idle_system.cancel(reference="r1", userId="alice", currency="EUR")["error"] == 0
    assert "rejected" not in idle_system.said("next")


def test_a_message_is_worked_on_at_once_whatever_moment_it_names(
    system: System, operator: Operator
) -> None:
    """Of a group that ended its process Celery says when it may be tried again, by a clock that may
    be an hour ahead of the next worker's."""
    operator.deposit("100.00")
    with redis.Redis.from_url(system.environment["UNBET_BROKER_URL"]) as broker:
        for number, eta in enumerate(DUE):
            reference = f"r{number}"
            operator.bet(reference, "10.00")
            broker.lpush(QUEUE, due_at(eta, old_message(cancel_of(reference), reply_to="x")))
        until(lambda: operator.balance().cash == Decimal(100), "one waits for its moment")


@pytest.mark.long
def test_what_cannot_be_given_back_ends_no_worker_and_is_kept_aside(
    idle_system: System, operator: Operator
) -> None:
    operator.deposit("100.00")
    operator.bet("r1", "10.00")
    genuine = envelope_of(old_message(cancel_of("r1"), reply_to="x"))
    taken = ["garbage", "5", "[]", "[{}]", "[" * 100_000, '[{}, "", "cancels"]']
    taken += [json.dumps([genuine | {"headers": 5}, "", QUEUE]), json.dumps([genuine, "", QUEUE])]
    with redis.Redis.from_url(idle_system.environment["UNBET_BROKER_URL"]) as broker:
        for number, kept in enumerate(taken):
            broker.hset(idle_system.key("unacked"), f"tag-{number}", kept)
            # Newest first.
            index = {f"tag-{number}": len(taken) - number}
            broker.zadd(idle_system.key("unacked_index"), index)
        idle_system.start_worker()
        until(lambda: operator.balance().cash == Decimal(100), "the genuine one did not come back")
        until(lambda: len(_rejected(idle_system)) == len(taken) - 1, "not all are kept aside")
        until(lambda: is_empty(idle_system, broker), "something is still there")
    kept_aside = {entry["content"] for entry in _rejected(idle_system)}
    assert kept_aside == {kept[:MAX_LENGTH] for kept in taken[:-1]}


def test_code_in_a_message_is_kept_aside_and_not_run(idle_system: System, tmp_path: Path) -> None:
    # Else Celery, if it runs as root and is told to read pickles, does not start.
    idle_system.environment["C_FORCE_ROOT"] = "1"
    idle_system.start_worker()
    file = tmp_path / "made-by-a-message"
    envelope = envelope_of("") | {
        "content-type": "application/x-python-serialize",
        "content-encoding": "binary",
        "body": base64.b64encode(pickle.dumps(_Code(str(file)))).decode(),
    }
    with redis.Redis.from_url(idle_system.environment["UNBET_BROKER_URL"]) as broker:
        broker.lpush(idle_system.key(QUEUE), json.dumps(envelope))
        until(lambda: "a message was rejected" in idle_system.said("worker"), "it was taken")
        until(lambda: is_empty(idle_system, broker), "it is still there")
    assert not file.exists()
    [entry] = _rejected(idle_system)
    assert "content of type pickle" in entry["problem"]
    assert entry["content"] == json.dumps(envelope)


class _Code:
    """Pickled it is a call: whoever reads it makes a directory there."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (self._path,)


def wait_until_rejected(system: System, replies: "redis.Redis", number: int, name: str) -> None:
    """Until so many are kept aside; the worker that began lives all the while."""

    aside = system.key(LIST)

    def is_kept() -> bool:
        assert system.processes["worker"].poll() is None, f"the worker has ended: {name}"
        return replies.llen(aside) == number

    until(is_kept, f"it is not kept aside: {name}")


def is_empty(system: System, broker: "redis.Redis") -> bool:
    """Nothing waits, nothing is unacknowledged."""
    return not broker.llen(system.key(QUEUE)) and not broker.hlen(system.key("unacked"))


def nested_headers(envelope: Envelope) -> str:
    """With one more header that no worker asks for, and that could not reach its processes."""
    deep = json.loads("[" * 700 + "]" * 700)
    return json.dumps(envelope | {"headers": envelope["headers"] | {"deep": deep}})


def _rejected(system: System) -> list[dict[str, str]]:
    return list(json.loads(system.unbet("rejected", "--json").stdout)["rejected"])


def test_a_forged_reply_changes_no_answer(idle_system: System) -> None:
    idle_system.start_receiver()
    with (
        redis.Redis.from_url(idle_system.environment["UNBET_BROKER_URL"]) as broker,
        redis.Redis.from_url(idle_system.environment["UNBET_REDIS_URL"]) as replies,
        ThreadPoolExecutor(1) as pool,
    ):
        answer = pool.submit(idle_system.cancel)
        queue = idle_system.key(QUEUE)
        until(lambda: broker.llen(queue), "nothing was published")
        envelope = json.loads(broker.lindex(queue, 0) or "")
        (message,), *_ = json.loads(base64.b64decode(envelope["body"]))
        group = decode_group(message, KEYS)
        told = Reply(
            decisions=(Decision(request_id=group.cancels[0].request_id, outcome=Outcome.REVERSED),)
        )
        for forged in (encode_reply(told, ANOTHERS_KEYS), told.model_dump_json(), "\x00", "x:y"):
            replies.rpush(group.reply_to, forged)
        assert answer.result()["error"] == 100
        assert replies.llen(idle_system.key(LIST)) == 4
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
