"""One reading for all viewers: it is taken in the background while somebody watches, and sent to
all browsers as the same event."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Final

import orjson
import structlog

from unbet.console.charts import Document
from unbet.console.figures import document, wallets
from unbet.console.probes import INTERVAL_S, Probes

FIRST_LIMIT_S: Final = 1.5
"""A first page waits this long for what is not known yet; the rest comes with the next reading."""

MAX_VIEWERS: Final = 100
"""Pages open at a time; each keeps a connection."""

log = structlog.get_logger("console")


class Live:
    """Reads, and tells those who follow."""

    def __init__(self, probes: Probes) -> None:
        self._probes = probes
        self._watched = asyncio.Event()
        self._viewers = 0
        self._event = b""
        self._published = asyncio.Condition()

    @property
    def full(self) -> bool:
        """Whether there is no room for another page."""
        return self._viewers >= MAX_VIEWERS

    async def keep_reading(self) -> None:
        """Run until cancelled. With nobody there nothing is read."""
        while True:
            try:
                await self._read_and_publish()
            except Exception:
                # The outermost shell: a bug must not leave every page standing still.
                log.exception("reading failed and is restarted")
                await asyncio.sleep(INTERVAL_S)

    async def document(self) -> Document:
        """A reading now, for a page that is about to be sent."""
        with self._watching():
            await self._first_look()
            return document(self._probes)

    def wallets(self) -> list[dict[str, object]]:
        """What the workers tell of their wallets, as of the last reading. They seldom change: no
        event has them."""
        return wallets(self._probes.wallets.value)

    async def follow(self) -> AsyncIterator[bytes]:
        """Events for one browser, without end; one that is slow gets the newest, not all."""
        with self._watching():
            await self._first_look()
            yield _event(document(self._probes))
            while True:
                async with self._published:
                    await self._published.wait()
                yield self._event

    async def _read_and_publish(self) -> None:
        async with asyncio.TaskGroup() as reading:
            for source in self._probes.sources:
                reading.create_task(source.keep_reading(self._watched))
            reading.create_task(self._keep_publishing())

    async def _keep_publishing(self) -> None:
        while True:
            await self._watched.wait()
            await asyncio.sleep(INTERVAL_S)
            self._event = _event(document(self._probes))
            async with self._published:
                self._published.notify_all()

    async def _first_look(self) -> None:
        reads = [asyncio.create_task(source.wait_until_read()) for source in self._probes.sources]
        _, unknown = await asyncio.wait(reads, timeout=FIRST_LIMIT_S)
        for task in unknown:
            task.cancel()

    @contextmanager
    def _watching(self) -> Iterator[None]:
        self._viewers += 1
        self._watched.set()
        try:
            yield
        finally:
            self._viewers -= 1
            if not self._viewers:
                self._watched.clear()


def _event(shown: Document) -> bytes:
    return b"data: %b\n\n" % orjson.dumps(shown)
