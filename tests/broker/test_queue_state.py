"""What waits on the queue, as Redis tells it: messages of a real receiver, and what others put
there."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from kombu.connection import Connection

from tests.databases import deployment_at
from tests.system.processes import System
from tests.waiting import until
from unbet.broker import redis_server
from unbet.broker.presence import prefix
from unbet.broker.queue_state import MAX_LENGTH, QueueState, look
from unbet.core.message import QUEUE, QUEUED_AT


class OwnQueue:
    """The queue of a system's deployment."""

    def __init__(self, client: "redis.Redis", system: System) -> None:
        self.client = client
        self.key = system.key(QUEUE)
        self.deployment = deployment_at(system.environment["UNBET_DATABASE_URL"])

    def look(self) -> QueueState:
        return look(self.client, self.deployment)


@pytest.fixture
def queue(idle_system: System) -> Iterator[OwnQueue]:
    with redis_server.connect(idle_system.environment["UNBET_BROKER_URL"]) as made:
        yield OwnQueue(made, idle_system)


@pytest.fixture
def unread(idle_system: System, queue: OwnQueue) -> System:
    """A receiver whose queue nobody reads; each cancel is a message."""
    # Nothing is sent again before the test is over.
    idle_system.environment |= {"UNBET_RESEND_AFTER_S": "9", "UNBET_ANSWER_DEADLINE_S": "2"}
    idle_system.start_receiver()
    with ThreadPoolExecutor(2) as pool:
        for number in range(2):
            pool.submit(idle_system.cancel, reference=f"r{number}")
            until(lambda: queue.look().length == number + 1, "not published")  # noqa: B023 - at once
    return idle_system


def test_a_queue_without_messages_has_no_age(queue: OwnQueue) -> None:
    assert queue.look() == QueueState(length=0, unacked=0, oldest_age_s=None)


def test_the_age_is_that_of_the_oldest_message_at_whichever_end_it_is(
    unread: System, queue: OwnQueue
) -> None:
    assert unread.processes
    # The tail is what is read next.
    newer, older = queue.client.lrange(queue.key, 0, -1)
    queue.client.delete(queue.key)
    queue.client.rpush(queue.key, newer)
    assert is_age_of(newer, queue)
    queue.client.rpush(queue.key, older)
    assert is_age_of(older, queue)
    # Handed back, it goes to the other end.
    queue.client.rpoplpush(queue.key, queue.key)
    assert is_age_of(older, queue)
    check_what_was_taken(unread, queue)
    check_foreign_messages(queue, older)


def check_what_was_taken(unread: System, queue: OwnQueue) -> None:
    """A message that was taken and not finished counts as such."""
    options = {"global_keyprefix": prefix(queue.deployment)}
    url = unread.environment["UNBET_BROKER_URL"]
    with Connection(url, transport_options=options) as connection:
        assert connection.default_channel.basic_get(QUEUE)
        assert (queue.look().length, queue.look().unacked) == (1, 1)
    until(lambda: queue.look()[:2] == (2, 0), "it did not come back")


def check_foreign_messages(queue: OwnQueue, ours: bytes | str) -> None:
    """They are counted, and say nothing."""
    foreign = ["", "{", "[]", "1", '{"headers": null}', '{"headers": {"unbet_oldest": "soon"}}']
    foreign.append(f'{{"headers": {{"unbet_oldest": 1}}, "body": "{"x" * MAX_LENGTH}"}}')
    for message in foreign:
        queue.client.delete(queue.key)
        queue.client.rpush(queue.key, message, message)
        assert queue.look()[::2] == (2, None), message[:40]
        queue.client.rpush(queue.key, ours)
        assert age(queue) > 0


ROUNDING_S = 0.0001


def is_age_of(message: bytes | str, queue: OwnQueue) -> bool:
    written = json.loads(message)["headers"][QUEUED_AT]
    before = redis_server.now(queue.client)
    found = age(queue)
    return bool(
        before - ROUNDING_S <= written + found <= redis_server.now(queue.client) + ROUNDING_S
    )


def age(queue: OwnQueue) -> float:
    found = queue.look().oldest_age_s
    assert found is not None
    return found
