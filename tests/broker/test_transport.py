"""The broker's connection, where kombu alone would end a worker, or go by a clock of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from kombu.connection import Connection

from tests.clocks import HOUR_S, Clock
from tests.waiting import until
from unbet.broker import redis_server, transport
from unbet.broker.queue_state import UNACKED
from unbet.core.message import QUEUE
from unbet.local.services import Services

SOON_S = 1
LATE_S = 60
"""Visibility timeouts."""

# A worker as far as the broker is concerned: it takes one message and is gone.
TAKE = "assert channel.basic_get('cancels'); os._exit(0)"
# One that dies while it looks for what to give back.
DIE_LOOKING = (
    "from kombu.transport.redis import Mutex; "
    "held = Mutex(channel.client, channel.unacked_mutex_key, channel.unacked_mutex_expire); "
    "held.__enter__(); os._exit(0)"
)
GIVE_BACK = "channel.qos.restore_visible(interval=1)"
SCRIPT = """
import os, sys
from kombu import Connection
from unbet.broker import transport
transport.install()
with Connection(sys.argv[1], transport_options={{"visibility_timeout": {held_s}}}) as connection:
    channel = connection.default_channel
    {what}
"""


@pytest.fixture
def url(environment: dict[str, str]) -> str:
    return environment["UNBET_BROKER_URL"]


@pytest.fixture
def client(url: str) -> Iterator["redis.Redis"]:
    with redis_server.connect(url) as made:
        yield made


def at_the_broker(url: str, what: str, clock: Clock, held_s: int) -> None:
    script = SCRIPT.format(what=what, held_s=held_s)
    command = [sys.executable, "-c", script, url]
    subprocess.run(command, env=os.environ | clock.environment, check=True, timeout=30)


def publish(url: str) -> None:
    with Connection(url, transport=transport.Transport) as connection:
        connection.default_channel.queue_declare(QUEUE)
        connection.Producer().publish({}, routing_key=QUEUE)


def state(client: "redis.Redis") -> tuple[int, int]:
    """How many messages wait, and how many were taken."""
    return client.llen(QUEUE), client.hlen(UNACKED)


def test_what_is_asked_of_a_closed_connection_is_an_error_that_celery_knows(
    running_services: Services,
) -> None:
    """A worker gives its messages back after Redis has gone: it must not end by that."""
    connection = Connection(running_services.broker_url, transport=transport.Transport)
    channel = connection.default_channel
    assert isinstance(channel, transport.Channel)
    assert channel.client.ping()
    known = connection.connection_errors
    connection.release()
    with pytest.raises(known, match="closed"), channel.conn_or_acquire():
        pass


@pytest.mark.parametrize("ahead_s", [HOUR_S, -HOUR_S])
def test_what_a_dead_worker_took_comes_back_in_time_whatever_its_clock_said(
    url: str, client: "redis.Redis", tmp_path: Path, ahead_s: int
) -> None:
    publish(url)
    clock = Clock(tmp_path / "clock")
    clock.set(ahead_s)
    at_the_broker(url, TAKE, clock, SOON_S)
    clock.set(0)

    def is_back() -> bool:
        at_the_broker(url, GIVE_BACK, clock, SOON_S)
        return state(client) == (1, 0)

    until(is_back, "it did not come back")


@pytest.mark.parametrize(("ahead_s", "others_ahead_s"), [(0, HOUR_S), (HOUR_S, 0), (-HOUR_S, 0)])
def test_a_worker_with_another_clock_takes_nobodys_work_away(
    url: str, client: "redis.Redis", tmp_path: Path, ahead_s: int, others_ahead_s: int
) -> None:
    publish(url)
    clock = Clock(tmp_path / "clock")
    clock.set(ahead_s)
    at_the_broker(url, TAKE, clock, LATE_S)
    clock.set(others_ahead_s)
    at_the_broker(url, GIVE_BACK, clock, LATE_S)
    assert state(client) == (0, 1)


def test_what_was_taken_before_redis_own_clock_was_set_back_comes_back(
    url: str, client: "redis.Redis", tmp_path: Path
) -> None:
    publish(url)
    clock = Clock(tmp_path / "clock")
    at_the_broker(url, TAKE, clock, LATE_S)
    [tag] = client.zrange("unacked_index", 0, -1)
    assert isinstance(tag, bytes)
    client.zadd("unacked_index", {tag: redis_server.now(client) + HOUR_S})
    at_the_broker(url, GIVE_BACK, clock, LATE_S)
    assert state(client) == (1, 0)


def test_a_worker_that_dies_while_it_gives_back_keeps_the_others_from_it_for_seconds_only(
    url: str, client: "redis.Redis", tmp_path: Path
) -> None:
    publish(url)
    clock = Clock(tmp_path / "clock")
    at_the_broker(url, TAKE, clock, SOON_S)
    at_the_broker(url, DIE_LOOKING, clock, SOON_S)
    assert 0 < client.ttl("unacked_mutex") <= 5

    def is_back() -> bool:
        at_the_broker(url, GIVE_BACK, clock, SOON_S)
        return state(client) == (1, 0)

    until(is_back, "it did not come back")


@pytest.mark.parametrize("settle", ["ack", "reject"])
def test_what_redis_does_not_let_a_worker_give_back_takes_no_place_of_the_next_message(
    url: str, client: "redis.Redis", settle: str
) -> None:
    publish(url)
    with Connection(url, transport=transport.Transport) as connection:
        channel = connection.default_channel
        channel.basic_qos(0, 1, False)
        taken = channel.basic_get(QUEUE)
        assert not channel.qos.can_consume()
        client.delete(UNACKED)
        client.set(UNACKED, "a key of another type")
        with pytest.raises(redis_server.AWAY):
            getattr(channel.qos, settle)(taken.delivery_tag)
        client.delete(UNACKED)
        assert channel.qos.can_consume()


def test_an_answer_to_a_command_that_nobody_fetches_goes_by_itself(
    url: str, client: "redis.Redis"
) -> None:
    """Also where a deployment's keys have a prefix, which kombu has for some commands only."""
    for prefix in ("", "a-deployment:"):
        options = {"global_keyprefix": prefix}
        with Connection(
            url, transport=transport.Transport, transport_options=options
        ) as connection:
            connection.Producer().publish({}, exchange=transport.REPLIES, routing_key="asker")
        queue = f"{prefix}asker.{transport.REPLIES}"
        assert 0 < client.ttl(queue) <= transport.REPLIES_LAST_S
