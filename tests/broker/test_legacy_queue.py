"""A worker of an older version on the same Redis, which names its deployment nowhere, keeps its
queue."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from uuid import uuid4

import redis
from kombu import pidbox
from kombu.connection import Connection

from tests.making import Operator, cancel_of, old_message
from tests.system.processes import System
from tests.system.watching import PLAYER
from tests.waiting import until
from tests.worker.envelopes import envelope_of
from unbet.broker import redis_server
from unbet.broker.legacy_queue import OLD_CONTROL, OldQueue
from unbet.core.message import QUEUE

OLD_KEYS = (QUEUE, "unacked", "unacked_index")


@contextmanager
def worker_of_an_older_version(url: str) -> Iterator[None]:
    """It listens to Celery's commands as Celery itself does."""
    with Connection(url) as connection, redis_server.connect(url) as client:
        channel = connection.default_channel
        pidbox.Mailbox("celery", type="fanout").Node("old@test", channel=channel).listen()
        name = OLD_CONTROL.format(db=connection.virtual_host)

        def listens() -> bool:
            with suppress(TimeoutError):
                connection.drain_events(timeout=0.1)
            return bool(client.publish(name, b""))

        until(listens, "Celery listens elsewhere")
        yield
        # It has taken no harm by being asked.
        with suppress(TimeoutError):
            connection.drain_events(timeout=0.1)


def test_what_another_installations_older_worker_has_on_its_queue_is_not_decided_here(
    idle_system: System, operator: Operator
) -> None:
    """Its settings may be a copy of ours, with the key that signs messages."""
    operator.deposit("100.00", **PLAYER)
    envelopes = []
    for reference in ("waits", "taken"):
        operator.bet(reference, "10.00", **PLAYER)
        cancel = cancel_of(reference, user_id=PLAYER["user_id"], currency="USD")
        envelopes.append(envelope_of(old_message(cancel, reply_to="unbet:replies:old")))
    waits, taken = envelopes
    url = idle_system.environment["UNBET_BROKER_URL"]
    with worker_of_an_older_version(url), redis.Redis.from_url(url) as client:
        client.lpush(QUEUE, json.dumps(waits))
        client.hset("unacked", "tag", json.dumps([taken, "", QUEUE]))
        client.zadd("unacked_index", {"tag": time.time() - 60})
        idle_system.start_worker()
        said = "a worker of an older version is here"
        until(lambda: said in idle_system.said("worker"), "it does not say so")
        # A few rounds more.
        rounds_over = time.monotonic() + 2.5
        until(lambda: time.monotonic() > rounds_over, "time stands still")
        kept = client.llen(QUEUE), client.hlen("unacked"), client.zcard("unacked_index")
        assert kept == (1, 1, 1)
        assert [client.ttl(name) for name in OLD_KEYS] == [-1] * 3
    assert operator.balance(**PLAYER).cash == Decimal(80)


def test_an_older_worker_that_is_started_again_finds_its_queue_as_it_was(
    environment: dict[str, str],
) -> None:
    url = environment["UNBET_BROKER_URL"]
    with redis_server.connect(url) as client:
        old = OldQueue(uuid4(), left_alone_s=0.5)
        assert not old.has_workers(client)
        with worker_of_an_older_version(url):
            assert old.has_workers(client)
        assert old.has_workers(client)
        until(lambda: not old.has_workers(client), "it is taken for one that is there for ever")


def test_what_was_left_as_another_deployments_stays_so_for_a_worker_that_starts_later(
    environment: dict[str, str],
) -> None:
    with redis_server.connect(environment["UNBET_BROKER_URL"]) as client:
        client.lpush(QUEUE, "of another deployment")
        OldQueue(uuid4()).look(client, has_others=True)

        OldQueue(uuid4()).look(client, has_others=False)  # the other one has gone meanwhile

        assert client.lrange(QUEUE, 0, -1) == [b"of another deployment"]
        assert client.ttl(QUEUE) > 0
