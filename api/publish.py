"""Put a group on the queue, by the task's name, off the event loop and under a deadline."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from uuid import UUID

from celery import Celery
from kombu.exceptions import KombuError

from unbet.broker import redis_server, transport
from unbet.broker.presence import key
from unbet.broker.redis_server import AWAY
from unbet.core.message import QUEUE, QUEUED_AT, TASK, Group, encode_group
from unbet.core.signing import Keys
from unbet.database.deployment import Identity

PUBLISH_LIMIT_S: Final = 1.0
"""DESIGN, "The path of one Cancel": published within a second, or it has failed."""

_SHOWN_REFERENCES: Final = 20

_CLOCK_MAX_AGE_S: Final = 5.0
"""Then a thread reads the broker's clock again."""


class Publisher:
    """Sends groups through Celery. A failed `publish` raises `PublishError` within its limit."""

    def __init__(self, threads: int, keys: Keys, identity: Identity) -> None:
        self._keys = keys
        self._identity = identity
        self._app = Celery("unbet-receiver", set_as_current=False, config_source="celeryconfig")
        # The worker's connection may be patient, a publish may not.
        self._app.conf.broker_transport_options = {
            **self._app.conf.broker_transport_options,
            "socket_timeout": redis_server.SOCKET_TIMEOUT_S,
            "socket_connect_timeout": redis_server.SOCKET_TIMEOUT_S,
            "max_retries": 0,
        }
        # kombu makes one of its own of an error while it connects.
        self._broker_errors = (*AWAY, KombuError)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="publish")
        self._of_this_thread = threading.local()
        self._failures = 0

    async def publish(self, group: Group, message_id: str) -> None:
        """Return once the broker has the group, in a message of that id."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(PUBLISH_LIMIT_S):
                await loop.run_in_executor(self._threads, self._send, group, message_id)
        except TimeoutError:
            raise PublishError("the broker did not answer in time") from None
        except self._broker_errors as error:
            raise PublishError(str(error)) from error

    def close(self) -> None:
        """Let go of the threads; one that hangs ends by its socket's time limit."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _send(self, group: Group, message_id: str) -> None:
        deployment = self._identity.id
        if deployment is None:
            raise PublishError("the database has not said yet which deployment this is")
        own = group.of(deployment, reply_to=key(deployment, group.reply_to))
        # Celery's message, but published past `send_task`, which takes three times as long.
        message = self._app.amqp.create_task_message(
            message_id,
            TASK,
            args=[encode_group(own, self._keys)],
            # What Flower shows: the references, not the players.
            argsrepr=_references(group),
            ignore_result=True,
        )
        failures = self._failures
        try:
            producer = self._producer(deployment, failures)
            producer.publish(
                message.body,
                routing_key=QUEUE,
                serializer="json",
                headers={**message.headers, QUEUED_AT: self._broker_time(producer)},
                retry=False,
                **message.properties,
            )
        except self._broker_errors:
            self._failures = failures + 1
            raise

    def _producer(self, deployment: UUID, failures: int) -> Any:
        """This thread's own: taking one from Celery's pool costs as much as a small publish. After
        a failure in one thread all threads connect anew: the broker may have moved."""
        own = self._of_this_thread
        if getattr(own, "failures", None) != failures:
            if hasattr(own, "connection"):
                own.connection.release()
            transport.separate(self._app, deployment)
            own.connection = self._app.connection_for_write()
            own.producer = own.connection.Producer(auto_declare=False)
            own.failures = failures
            own.clock_until = 0.0  # it may be another server
        return own.producer

    def _broker_time(self, producer: Any) -> float:
        """The broker's clock, asked now and then; this machine's own may be another, and jump."""
        own, now = self._of_this_thread, time.monotonic()
        if now >= own.clock_until:
            own.clock_ahead = redis_server.now(producer.channel.client) - now
            own.clock_until = now + _CLOCK_MAX_AGE_S
        return float(now + own.clock_ahead)


class PublishError(Exception):
    """The group is not known to be on the queue; it may be all the same."""


def _references(group: Group) -> str:
    shown = [cancel.request.reference for cancel in group.cancels[:_SHOWN_REFERENCES]]
    more = len(group.cancels) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
