"""Puts a group on the queue: Celery's own message, published without its `send_task`, which takes
three times as long. Made for Celery 5.7 and kombu 5.7; `tests/api/test_publish.py` fails when
others differ."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final
from uuid import UUID

from celery import Celery
from kombu.exceptions import KombuError

from unbet.broker import redis_server, transport
from unbet.broker.redis_server import AWAY
from unbet.core.message import QUEUE, TASK

PUBLISH_ERRORS: Final = (*AWAY, KombuError)
"""What publishing raises where the broker is away: kombu makes one of its own of an error while it
connects."""


class Producer:
    """One thread's connection to the queue of a deployment: taking one from Celery's pool costs as
    much as a small publish."""

    # Both are the libraries' own functions, with what is the same for each group filled in: a frame
    # less on the way of each.

    make: Callable[..., Any]
    """A message with a `body`, `headers` and `properties`, of its id, `args` and `argsrepr`."""
    publish: Callable[..., Any]
    """Puts a body on the queue, with `headers` and properties; raises one of `PUBLISH_ERRORS`, in
    about a second where the broker does not answer."""

    def __init__(self, celery: Celery, deployment: UUID) -> None:
        transport.separate(celery, deployment)
        self._connection = celery.connection_for_write()
        self._producer = self._connection.Producer(auto_declare=False)
        self.make = partial(celery.amqp.create_task_message, name=TASK, ignore_result=True)
        self.publish = partial(
            self._producer.publish, routing_key=QUEUE, serializer="json", retry=False
        )

    def now(self) -> float:
        """By the broker's clock. Raises as `publish` does."""
        return redis_server.now(self._producer.channel.client)

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.release()
