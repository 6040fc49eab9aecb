"""direct-grouped: no queue; the receiver's groups, applied by its own threads."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

from starlette.types import ASGIApp

from api.dispatch import Decided, Dispatcher
from benchmarks.baselines import serving, tuning
from unbet import connect_to
from unbet.core.message import Cancel, Group
from unbet.runtime.settings import Settings, settings
from unbet.wallets.ledger.applying import apply


class Grouped:
    """A dispatcher whose groups go to the ledger at once."""

    def __init__(self, chosen: Settings) -> None:
        places = chosen.groups_in_flight
        self._engine = connect_to(chosen.database_url, name="grouped", pool_size=places)
        self._threads = ThreadPoolExecutor(places)
        self._dispatcher = Dispatcher(
            self._apply,
            reply_to="nowhere",
            group_size=chosen.group_size,
            groups_in_flight=places,
            most_waiting=chosen.max_waiting,
            resend_after_s=chosen.resend_after_s,
        )

    async def decide(self, cancel: Cancel, within_s: float) -> Decided:
        return await self._dispatcher.decide(cancel, within_s)

    def close(self) -> None:
        self._threads.shutdown()
        self._engine.dispose()

    async def _apply(self, group: Group, _message_id: str) -> None:
        loop = asyncio.get_running_loop()
        self._dispatcher.resolve(
            await loop.run_in_executor(
                self._threads, lambda: [*chain(*apply(self._engine, group.cancels))]
            )
        )


def app() -> ASGIApp:
    desk = Grouped(settings())
    return serving.application(desk, desk.close)


if __name__ == "__main__":
    serving.serve("benchmarks.baselines.grouped", tuning.GROUPED_PROCESSES)
