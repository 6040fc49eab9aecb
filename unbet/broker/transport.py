"""kombu's Redis transport with four changes: one client a channel; Celery reconnects after every
error of Redis; an entry that is no message ends no worker; the control channel leaves nothing
behind.

kombu makes a new client for each command, which takes as long as the command itself: a quarter of a
publish, and three times for each message in a worker. And kombu trusts what is in Redis: one entry
that is no JSON ends a worker, and one that was taken but cannot be given back ends each worker that
starts. Made for kombu 5.7; `tests/unit/test_broker.py` fails when another one differs.

(Over 250 lines: what reaches into kombu's private parts stands in one place.)
"""

import sys
from contextlib import suppress
from queue import Empty
from typing import Any, Final
from uuid import UUID, uuid4

from kombu.entity import Queue
from kombu.exceptions import OperationalError
from kombu.transport import TRANSPORT_ALIASES, redis, virtual
from kombu.utils.encoding import bytes_to_str
from kombu.utils.json import dumps, loads
from redis.exceptions import ConnectionError as RedisConnectionError

from unbet.broker.presence import prefix
from unbet.broker.redis_server import AWAY, RETRY
from unbet.core.message import QUEUE
from unbet.core.wire import MessageError

CANCELS: Final = Queue(QUEUE)
"""The one queue."""

REPLIES: Final = "reply.celery.pidbox"
"""Where workers answer what `celery inspect` and Flower ask of them: the exchange's name. The queue
of each that asks is named after it."""

REPLIES_LAST_S: Final = 10
"""As long as kombu has them last itself, once a client has declared its queue."""


class Message(virtual.Message):
    """What lay on the queue. If that was no message it has `errors`, of which kombu tells its
    consumer as of a body that cannot be read; it can be acknowledged all the same."""

    def __init__(self, payload: Any, channel: Any = None, **kwargs: Any) -> None:
        self.text = payload if isinstance(payload, str) else ""
        """As it lay there; of what was published to all, nothing."""
        try:
            envelope = loads(payload) if isinstance(payload, str) else payload
            require_envelope(envelope)
            super().__init__(envelope, channel=channel, **kwargs)
        except Exception:  # noqa: BLE001 - whatever it is, the next message is to be read
            self.errors = [sys.exc_info()]
            super().__init__(_in_an_envelope(self.text), channel=channel, **kwargs)


# kombu dates what was taken by the worker's clock, and has each worker give it back by its own: of
# two that differ by an hour one takes the other's work away, or leaves a dead one's for an hour.
_TAKE: Final = """
    local time = redis.call('TIME')
    return redis.call('ZADD', KEYS[1], time[1] + time[2] / 1000000, ARGV[1])
"""
# What was taken in the time to come was dated before the server's own clock was set back.
_ABANDONED: Final = """
    local time = redis.call('TIME')
    local now = time[1] + time[2] / 1000000
    local function tags(from, to)
        return redis.call('ZRANGEBYSCORE', KEYS[1], from, to, 'LIMIT', 0, ARGV[2])
    end
    local found = tags('-inf', now - ARGV[1])
    for _, tag in ipairs(tags(now + 1, '+inf')) do found[#found + 1] = tag end
    return found
"""


class QoS(redis.QoS):
    """What was taken and not acknowledged: kept in Redis, dated by its clock, and given back from
    there."""

    def append(self, message: Any, delivery_tag: str) -> None:
        info = message.delivery_info
        try:
            kept = dumps([message._raw, info["exchange"], info["routing_key"]])
        except RecursionError:  # nested so deeply that it could be read, but not be written again
            message.errors.append(sys.exc_info())
            return
        with self.channel._create_client().pipeline() as pipe:
            pipe.eval(_TAKE, 1, self._index, delivery_tag)
            pipe.hset(self.unacked_key, delivery_tag, kept)
            pipe.execute()
        virtual.QoS.append(self, message, delivery_tag)

    def restore_visible(
        self,
        start: int = 0,  # noqa: ARG002 - kombu's signature
        num: int | None = 10,
        interval: int = 10,
    ) -> None:
        """Give back what a worker has held for longer than the visibility timeout, at each
        `interval`th call; up to twice `num`, or all."""
        self._vrestore_count += 1
        if (self._vrestore_count - 1) % (interval or 1):
            return
        with (
            self.channel.conn_or_acquire() as client,
            suppress(redis.MutexHeld),
            redis.Mutex(client, self.unacked_mutex_key, self.unacked_mutex_expire),
        ):
            most = -1 if num is None else num
            for tag in client.eval(_ABANDONED, 1, self._index, self.visibility_timeout, most):
                self.restore_by_tag(tag, client)

    @property
    def _index(self) -> str:
        # kombu's prefix is for commands that it knows; a script is none.
        return f"{self.channel.global_keyprefix}{self.unacked_index_key}"

    def ack(self, delivery_tag: str) -> None:
        """What Redis refuses to forget is given back in time by whoever looks for it there. Here it
        must not take the place of the next message."""
        try:
            super().ack(delivery_tag)
        except AWAY:
            virtual.QoS.ack(self, delivery_tag)
            raise

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """As with `ack`."""
        try:
            super().reject(delivery_tag, requeue)
        except AWAY:
            virtual.QoS.ack(self, delivery_tag)
            raise

    def restore_by_tag(self, tag: Any, client: Any = None, leftmost: bool = False) -> None:
        """Give back what has this tag; what cannot be read goes on the queue as it is, where
        whoever takes it rejects it."""

        def restore(pipe: Any) -> None:
            kept = pipe.hget(self.unacked_key, tag)
            pipe.multi()
            self._remove_from_indices(tag, pipe)
            if kept:
                self._give_back(bytes_to_str(kept), pipe, leftmost)

        with self.channel.conn_or_acquire(client) as connected:
            connected.transaction(restore, self.unacked_key)

    def _give_back(self, kept: str, pipe: Any, leftmost: bool) -> None:
        try:
            envelope, *_ = loads(kept)
            require_envelope(envelope)
        except Exception:  # noqa: BLE001 - as above
            pipe.rpush(QUEUE, kept)
            return
        info = envelope["properties"]["delivery_info"]
        self.channel._do_restore_message(
            envelope, info["exchange"], info["routing_key"], pipe, leftmost
        )


class Channel(redis.Channel):
    """Keeps its client as long as its pool of connections."""

    Message = Message
    QoS = QoS

    # Whoever gives back what others have taken holds this; one that dies then, or whose Redis
    # refuses to let go of it, must not keep the others from it for kombu's five minutes.
    unacked_mutex_expire = 5

    _kept: Any = None

    def _create_client(self, asynchronous: bool = False) -> Any:
        if asynchronous:  # made once already, for the reading of the queue
            return super()._create_client(asynchronous=True)
        if self._kept is None or self._kept.connection_pool is not self.pool:
            self._kept = super()._create_client()
        return self._kept

    def basic_consume(
        self, queue: str, no_ack: bool, callback: Any, *args: Any, **kwargs: Any
    ) -> Any:
        """As kombu's, but in one piece: each group comes this way."""
        ret = super().basic_consume(queue, no_ack, callback, *args, **kwargs)

        def deliver(raw: Any) -> Any:
            message = self.Message(raw, channel=self)
            if not no_ack:
                self.qos.append(message, message.delivery_tag)
            return callback(message)

        self.connection._callbacks[queue] = deliver
        return ret

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        # A worker gives messages back also after its connection has broken. kombu would raise an
        # AttributeError then, and Celery end the worker instead of connecting again.
        if getattr(self.connection, "client", None) is None:
            raise RedisConnectionError("the connection to the broker is closed")
        # Not where the event loop reads: whoever asked again there would wait for the answer.
        retry = {} if asynchronous else {"retry": RETRY}
        return dict(super()._connparams(asynchronous)) | retry

    def _brpop_read(self, **options: Any) -> bool:
        """As kombu's, but what was popped is handed on unread: a `Message` reads it."""
        try:
            popped = self._popped(**options)
            if not popped:
                raise Empty
            key, item = popped
            queue = bytes_to_str(key).rsplit(self.sep, 1)[0]
            self._queue_cycle.rotate(queue)
            self.connection._deliver(bytes_to_str(item), queue)
            return True
        finally:
            self._in_poll = False
            self._flush_brpop_reauth()

    def _popped(self, **options: Any) -> Any:
        connection = self.client.connection
        try:
            return self.client.parse_response(connection, "BRPOP", **options)
        except self.connection_errors:
            connection.disconnect()  # so that the next round connects again
            raise

    # kombu notes in Redis who listens to an exchange, and forgets nobody who was killed. Nobody
    # needs these notes: what goes to all is published, and a reply goes to the queue of its name.

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        if self.typeof(exchange).type == "fanout":
            self._fanout_queues[queue] = (exchange, routing_key.replace("#", "*"))
        elif exchange != REPLIES:
            super()._queue_bind(exchange, routing_key, pattern, queue)

    def _lookup(self, exchange: str, routing_key: str, default: str | None = None) -> list[str]:
        if exchange == REPLIES:
            return [f"{routing_key}.{REPLIES}"]
        return list(super()._lookup(exchange, routing_key, default))

    def maybe_refresh_binding_expiry(self) -> None:
        """There are none."""

    def _put(self, queue: str, message: Any, **kwargs: Any) -> None:
        if not queue.endswith(f".{REPLIES}"):
            super()._put(queue, message, **kwargs)
            return
        # Whoever asked may have been killed meanwhile. kombu's prefix is not for EXPIRE.
        with self.conn_or_acquire() as client, client.pipeline() as pipe:
            pipe.lpush(queue, dumps(message))
            pipe.pexpire(queue, REPLIES_LAST_S * 1000)
            pipe.execute()


class Transport(redis.Transport):
    """What `redis://` and `rediss://` mean once `install` was called."""

    Channel = Channel

    # Celery ends a worker on any other error, such as that of a server that was demoted. The last
    # one is what kombu makes of these where it tries a publish again.
    connection_errors = (*redis.Transport.connection_errors, *AWAY, OperationalError)


def install() -> None:
    """Have kombu use it in this process."""
    name = f"{__name__}:{Transport.__name__}"
    TRANSPORT_ALIASES.update(redis=name, rediss=name)


def separate(app: Any, deployment: UUID) -> None:
    """Have the Celery application, before it connects, use keys and channels of `deployment` only:
    the queue, what is unacknowledged, control and events."""
    app.conf.broker_transport_options = {
        **app.conf.broker_transport_options,
        "global_keyprefix": prefix(deployment),
    }


def require_envelope(found: Any) -> None:
    """Raise `MessageError` unless `found` has what kombu takes for granted of a message. None of
    ours is compressed once more: a few bytes of such a one could fill the memory."""
    match found:
        case {
            "body": str(),
            "headers": dict(headers),
            "properties": {
                "delivery_tag": str(tag),
                "delivery_info": {"exchange": str(), "routing_key": str()},
            },
        } if tag.isascii() and "compression" not in headers:
            return
    raise MessageError("not in an envelope as Celery makes it")


def _in_an_envelope(text: str) -> dict[str, Any]:
    """What is kept in Redis instead, until it has been rejected."""
    return {
        "body": text,
        "headers": {},
        "properties": {
            "delivery_tag": uuid4().hex,
            "delivery_info": {"exchange": "", "routing_key": QUEUE},
        },
    }
