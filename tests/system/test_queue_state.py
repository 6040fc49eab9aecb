"""What waits on the queue, as Redis tells it: messages of a real receiver, and what others put
there."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import kombu
import pytest
import redis

from contract import broker
from contract.message import QUEUE, QUEUED_AT
from contract.queue_state import LONGEST, QueueState, look
from tests.system.processes import System
from tests.waiting import until


@pytest.fixture
def client(environment: dict[str, str]) -> Iterator["redis.Redis"]:
    with broker.connect(environment["UNBET_BROKER_URL"]) as made:
        yield made


@pytest.fixture
def unread(idle_system: System) -> System:
    """A receiver whose queue nobody reads; each cancel is a message."""
    # Nothing is sent again before the test is over.
    idle_system.environment |= {"UNBET_RESEND_AFTER_S": "9", "UNBET_ANSWER_DEADLINE_S": "2"}
    idle_system.start_receiver()
    with ThreadPoolExecutor(2) as pool:
        for number in range(2):
            pool.submit(idle_system.cancel, reference=f"r{number}")
            with broker.connect(idle_system.environment["UNBET_BROKER_URL"]) as client:
                until(lambda n=number: look(client).length == n + 1, "it was not published")  # type: ignore[misc]
    return idle_system


def test_a_queue_without_messages_has_no_age(client: "redis.Redis") -> None:
    assert look(client) == QueueState(length=0, unacked=0, oldest_age_s=None)


def test_the_age_is_that_of_the_oldest_message_at_whichever_end_it_is(
    unread: System, client: "redis.Redis"
) -> None:
    assert unread.processes
    # The tail is what is read next.
    newer, older = client.lrange(QUEUE, 0, -1)
    client.delete(QUEUE)
    client.rpush(QUEUE, newer)
    assert is_age_of(newer, client)
    client.rpush(QUEUE, older)
    assert is_age_of(older, client)
    # Handed back, it goes to the other end.
    client.rpoplpush(QUEUE, QUEUE)
    assert is_age_of(older, client)
    check_what_was_taken(unread, client)
    check_foreign_messages(client, older)


def check_what_was_taken(unread: System, client: "redis.Redis") -> None:
    """A message that was taken and not finished counts as such."""
    with kombu.Connection(unread.environment["UNBET_BROKER_URL"]) as connection:
        assert connection.default_channel.basic_get(QUEUE)
        assert (look(client).length, look(client).unacked) == (1, 1)
    until(lambda: look(client)[:2] == (2, 0), "it did not come back")


def check_foreign_messages(client: "redis.Redis", ours: bytes) -> None:
    """They are counted, and say nothing."""
    foreign = ["", "{", "[]", "1", '{"headers": null}', '{"headers": {"unbet_oldest": "soon"}}']
    foreign.append(f'{{"headers": {{"unbet_oldest": 1}}, "body": "{"x" * LONGEST}"}}')
    for message in foreign:
        client.delete(QUEUE)
        client.rpush(QUEUE, message, message)
        assert look(client)[::2] == (2, None), message[:40]
        client.rpush(QUEUE, ours)
        assert age(client) > 0


ROUNDING_S = 0.0001


def is_age_of(message: bytes, client: "redis.Redis") -> bool:
    written = json.loads(message)["headers"][QUEUED_AT]
    before = broker.now(client)
    found = age(client)
    return bool(before - ROUNDING_S <= written + found <= broker.now(client) + ROUNDING_S)


def age(client: "redis.Redis") -> float:
    found = look(client).oldest_age_s
    assert found is not None
    return found
