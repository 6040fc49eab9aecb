"""kombu's Redis transport, but with one client a channel, and a closed connection is an error that
Celery knows.

kombu makes a new client for each command, which takes as long as the command itself: a quarter of a
publish, and three times for each message in a worker.
"""

from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis
from redis.exceptions import ConnectionError as RedisConnectionError


class Channel(redis.Channel):
    """Keeps its client as long as its pool of connections."""

    _kept: Any = None

    def _create_client(self, asynchronous: bool = False) -> Any:
        if asynchronous:  # made once already, for the reading of the queue
            return super()._create_client(asynchronous=True)  # type: ignore[no-untyped-call]
        if self._kept is None or self._kept.connection_pool is not self.pool:
            self._kept = super()._create_client()  # type: ignore[no-untyped-call]
        return self._kept

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        # A worker gives messages back also after its connection has broken. kombu would raise an
        # AttributeError then, and Celery end the worker instead of connecting again.
        if getattr(self.connection, "client", None) is None:
            raise RedisConnectionError("the connection to the broker is closed")
        return dict(super()._connparams(asynchronous))  # type: ignore[no-untyped-call]


class Transport(redis.Transport):
    """What `redis://` and `rediss://` mean once `install` was called."""

    Channel = Channel


def install() -> None:
    """Have kombu use it in this process."""
    name = f"{__name__}:{Transport.__name__}"
    TRANSPORT_ALIASES.update(redis=name, rediss=name)
