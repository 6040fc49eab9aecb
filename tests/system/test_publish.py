"""What the threads that publish do once one of them has failed."""

import asyncio
import sys
import time
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
import redis

from api.publish import Publisher, PublishError
from tests.making import KEYS, cancel_of
from unbet.broker import redis_server
from unbet.broker.presence import key
from unbet.core.message import QUEUE, Group
from unbet.database.deployment import Identity
from unbet.runtime import settings as process_settings
from unbet.runtime.settings import Settings

DEPLOYMENT = UUID(int=7)


@pytest.fixture
def publisher(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    """With two threads, on the test's own Redis."""
    assert settings
    # Both are read once a process.
    monkeypatch.delitem(sys.modules, "celeryconfig", raising=False)
    process_settings.settings.cache_clear()
    made = Publisher(2, KEYS, Identity(DEPLOYMENT))
    yield made
    made.close()
    process_settings.settings.cache_clear()
    sys.modules.pop("celeryconfig", None)


AT_ONCE = 64
"""So many that on a busy machine, too, no thread takes all of them."""


async def publish(publisher: Publisher, times: int = 1) -> None:
    def one() -> Group:
        return Group(reply_to="replies:nobody", cancels=(cancel_of("r1"),))

    await asyncio.gather(*(publisher.publish(one(), str(uuid4())) for _ in range(times)))


async def test_after_one_threads_failure_none_publishes_by_a_connection_from_before(
    publisher: Publisher, settings: Settings
) -> None:
    queue = key(DEPLOYMENT, QUEUE)
    with redis_server.connect(settings.broker_url) as client:
        before = set[str]()
        ends = time.monotonic() + 30
        while len(before) < 2:
            assert time.monotonic() < ends, "one thread does it all"
            await publish(publisher, AT_ONCE)
            before = connections(client)
        client.delete(queue)
        client.set(queue, "a key of another type")
        with pytest.raises(PublishError):
            await publish(publisher)
        client.delete(queue)
        ends = time.monotonic() + 10
        while before & connections(client):
            assert time.monotonic() < ends, "a connection from before is still used"
            await publish(publisher, AT_ONCE)


def connections(client: "redis.Redis") -> set[str]:
    """Those of others to the same database."""
    ours = client.client_id()
    database = client.connection_pool.connection_kwargs["db"]
    return {
        str(one["id"])
        for one in client.client_list()  # type: ignore[union-attr]
        if int(one["db"]) == database and int(one["id"]) != ours
    }
