"""The workers' notices of their wallets, in Redis: a worker notes its own again and again, and one
that nobody notes any more is gone after half a minute."""

import time
from typing import Final
from uuid import UUID

from unbet.broker import redis_server
from unbet.broker.presence import NOTE_INTERVAL_S, key, seen_lately

KEPT_FOR_S: Final = 30
_KEY: Final = "wallets"


def notices(client: redis_server.Client, deployment: UUID, own: str = "") -> list[bytes]:
    """The different notices of the deployment's workers, the newest first, after noting `own`
    unless it is empty. Raises `redis.RedisError`."""
    return seen_lately(client, key(deployment, _KEY), own, KEPT_FOR_S)


class NoticeBoard:
    """The notices as of a few seconds ago."""

    def __init__(self, broker_url: str) -> None:
        self._broker_url = broker_url
        self._looked_at = float("-inf")
        self.documents: list[bytes] = []
        """As of the last time that Redis answered."""

    def look(self, deployment: UUID, own: str = "") -> None:
        """To be called often; as `notices`, every `NOTE_INTERVAL_S` seconds."""
        if time.monotonic() - self._looked_at < NOTE_INTERVAL_S and self.documents:
            return
        with redis_server.connect(self._broker_url) as client:
            self.documents = notices(client, deployment, own)
        self._looked_at = time.monotonic()
