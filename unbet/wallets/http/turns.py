"""Who may call: no two calls at once for one player or one bet."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager

from unbet.wallets.http.request import Item, key_of


class Turns:
    """Of one process: another process's call is kept apart by the wallet's own locks."""

    def __init__(self) -> None:
        self._taken: set[tuple[str, str]] = set()
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def taken(self, items: Sequence[Item]) -> AsyncIterator[None]:
        """All that `items` are about, taken together, so that nobody waits crosswise."""
        names = set(_names(items))
        async with self._changed:
            await self._changed.wait_for(lambda: not names & self._taken)
            self._taken |= names
        try:
            yield
        finally:
            self._taken -= names
            # Nothing is awaited before this if nobody holds the lock, and it is held for no longer
            # than a comparison.
            async with self._changed:
                self._changed.notify_all()


def _names(items: Iterable[Item]) -> Iterable[tuple[str, str]]:
    for item in items:
        if item.cancel.player is not None:
            yield "player", item.cancel.player
        yield "bet", key_of(item.cancel)
