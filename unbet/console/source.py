"""A source that the console probes repeatedly while somebody watches. It may be away."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

import httpx
import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFreeError

from unbet.broker import redis_server

Value = TypeVar("Value")

AWAY: Final = (
    *(OperationalError, InterfaceError, NoConnectionFreeError),
    *(*redis_server.AWAY, httpx.HTTPError),
)
"""What reading raises when the other side is not there; `TimeoutError` is one of the last."""

UNREADABLE: Final = "cannot be read"

log = structlog.get_logger("console")


class Source(Generic[Value]):
    """One thing that is read every `every_s` seconds, each time within `limit_s`."""

    def __init__(
        self, read: Callable[[], Awaitable[Value]], *, every_s: float, limit_s: float
    ) -> None:
        self._read, self._every_s, self._limit_s = read, every_s, limit_s
        self._was_read = asyncio.Event()
        self.value: Value | None = None
        """What was read last; None if it is away, or has not been looked at yet."""
        self.away: str | None = None
        """What is wrong with it, in words."""

    async def keep_reading(self, watched: asyncio.Event) -> None:
        """Run until cancelled: read while `watched`, and forget once nobody watches."""
        while True:
            await watched.wait()
            began = time.monotonic()
            await self._probe()
            self._was_read.set()
            await asyncio.sleep(max(0.0, self._every_s - (time.monotonic() - began)))
            if not watched.is_set():
                self._was_read.clear()
                self.value = self.away = None

    async def wait_until_read(self) -> None:
        """Wait until there is a value, or it is known to be away."""
        await self._was_read.wait()

    async def _probe(self) -> None:
        try:
            async with asyncio.timeout(self._limit_s):
                self.value, self.away = await self._read(), None
        except TimeoutError:
            self.value, self.away = None, "does not answer in time"
        except AWAY as error:
            # The kind only: a driver's text may hold the address and the user.
            self.value, self.away = None, f"does not answer ({_kind(error)})"
        except Exception as error:
            # The outermost shell of a look: a bug in one must not end all others.
            away = f"{UNREADABLE} ({_kind(error)})"
            if away != self.away:
                log.exception("a probe failed")
            self.value, self.away = None, away


def _kind(error: Exception) -> str:
    return type(getattr(error, "orig", None) or error).__name__
