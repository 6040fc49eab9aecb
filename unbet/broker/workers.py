"""Asks the workers, through Celery, which of them are present."""

from typing import Final
from uuid import UUID

from celery import Celery
from kombu.exceptions import OperationalError

from unbet.broker import transport
from unbet.broker.celery_client import celery_client

PING_S: Final = 1.0
"""How long workers may take to say that they are there."""


class Workers:
    """The workers of one deployment."""

    def __init__(self) -> None:
        self._celery: Celery | None = None

    def ping(self, deployment: UUID) -> tuple[str, ...]:
        """The names of those that answer; `deployment` is the same each time. Raises `OSError` if
        the broker cannot be asked."""
        if self._celery is None:
            celery = celery_client("unbet-console")
            transport.separate(celery, deployment)
            self._celery = celery
        connection = self._celery.connection_for_write()
        try:
            replies = self._celery.control.ping(timeout=PING_S)
        except (
            OperationalError,  # kombu's own, where it cannot even connect
            *connection.connection_errors,
            *connection.channel_errors,
        ) as error:
            raise OSError(str(error)) from None
        return tuple(sorted(name for reply in replies or () for name in reply))
