"""direct-grouped: no queue; the receiver's groups, applied by its own threads."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

from starlette.types import ASGIApp

from api.dispatch import Dispatcher
from api.waits import Decided, Message
from benchmarks.baselines import serving, tuning
from unbet import connect_to
from unbet.core.message import Cancel
from unbet.database.transaction import RETRY_FOR_S
from unbet.runtime.settings import ReceiverSettings, read
from unbet.wallets import port
from unbet.wallets.ledger.reversal import LedgerWallet


class Grouped:
    """A dispatcher whose groups go to the ledger at once."""

    def __init__(self, chosen: ReceiverSettings) -> None:
        places = chosen.groups_in_flight
        self._engine = connect_to(chosen.database_url, name="grouped", pool_size=places)
        self._threads = ThreadPoolExecutor(places)
        self._dispatcher = Dispatcher(
            self._submit,
            group_size=chosen.group_size,
            groups_in_flight=places,
            max_waiting=chosen.max_waiting,
            resend_after_s=chosen.resend_after_s,
        )

    async def decide(self, cancel: Cancel, within_s: float) -> Decided:
        return await self._dispatcher.decide(cancel, within_s)

    def close(self) -> None:
        self._threads.shutdown()
        self._engine.dispose()

    def _submit(self, message: Message, failed: Callable[[Exception], object]) -> None:
        self._threads.submit(self._apply, message, failed, asyncio.get_running_loop())

    def _apply(
        self,
        message: Message,
        failed: Callable[[Exception], object],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        message.published_at = time.monotonic()
        cancels = [wait.cancel for wait in message.waits]
        try:
            deadline = message.published_at + RETRY_FOR_S
            verdicts = chain(*LedgerWallet(self._engine).cancel(cancels, deadline))
            # What stands in the way of others has no place in a baseline.
            decisions = [one.decision for one in verdicts if isinstance(one, port.Decided)]
            loop.call_soon_threadsafe(self._dispatcher.resolve, decisions)
        except Exception as error:  # noqa: BLE001 - the outermost shell of a thread
            failed(error)


def app() -> ASGIApp:
    dispatcher = Grouped(read(ReceiverSettings))
    return serving.application(dispatcher, dispatcher.close)


if __name__ == "__main__":
    serving.serve("benchmarks.baselines.grouped", tuning.GROUPED_PROCESSES)
