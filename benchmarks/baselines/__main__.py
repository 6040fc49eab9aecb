"""`python -m benchmarks.baselines NAME`: serves one of the baselines."""

import asyncio
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

from starlette.types import ASGIApp

from api import server
from api.dispatch import Dispatcher
from api.waits import Decided, Message
from benchmarks.baselines import TUNING, serving
from unbet import connect_to, transact
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.database.transaction import RETRY_FOR_S
from unbet.runtime.settings import ReceiverSettings, read
from unbet.wallets import port
from unbet.wallets.ledger.reversal import LedgerWallet, reverse


class Echo:
    """Says of every cancel that it was reversed."""

    async def decide(self, cancel: Cancel, _within_s: float) -> Decided:
        decision = Decision.model_construct(request_id=cancel.request_id, outcome=Outcome.REVERSED)
        return Decided(decision, cancel.request_id)


class Threads:
    """Threads of which each works on one cancel at a time."""

    def __init__(self, number: int, work: Callable[[Cancel, float], Decision]) -> None:
        self._threads = ThreadPoolExecutor(number)
        self._work = work

    async def decide(self, cancel: Cancel, within_s: float) -> Decided:
        loop = asyncio.get_running_loop()
        decision = await loop.run_in_executor(self._threads, self._work, cancel, within_s)
        return Decided(decision, cancel.request_id)


class Grouped(Dispatcher):
    """The receiver's dispatcher, whose groups go to the ledger at once."""

    def __init__(self, chosen: ReceiverSettings) -> None:
        places = chosen.places()
        self._wallet = LedgerWallet(
            connect_to(chosen.database_url, name="grouped", pool_size=places)
        )
        self._threads = ThreadPoolExecutor(places)
        super().__init__(
            self._submit,
            group_size=chosen.group_size,
            groups_in_flight=places,
            max_waiting=chosen.max_waiting,
            resend_after_s=chosen.resend_after_s,
        )

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
            verdicts = chain(*self._wallet.cancel(cancels, message.published_at + RETRY_FOR_S))
            # What stands in the way of others has no place in a baseline.
            decisions = [one.decision for one in verdicts if isinstance(one, port.Decided)]
            loop.call_soon_threadsafe(self.resolve, decisions)
        except Exception as error:  # noqa: BLE001 - the outermost shell of a thread
            failed(error)


def echo() -> ASGIApp:
    """Answers right after validation, and does nothing: the ceiling."""
    return serving.application(Echo(), noted=False)


def direct() -> ASGIApp:
    """No queue; each request's one cancel is reversed in a transaction of its own."""
    threads = TUNING["DIRECT_THREADS"]
    engine = connect_to(read(ReceiverSettings).database_url, name="direct", pool_size=threads)

    def work(cancel: Cancel, _within_s: float) -> Decision:
        return transact(engine, lambda connection: reverse(connection, [cancel])[0])

    return serving.application(Threads(threads, work))


def naive() -> ASGIApp:
    """`apply_async().get()`, one task per cancel: what a user would write with a queue."""
    from benchmarks.baselines import naive_queue

    def work(cancel: Cancel, within_s: float) -> Decision:
        result = naive_queue.cancel.apply_async([cancel.model_dump_json()])
        return Decision.model_validate_json(result.get(timeout=within_s))

    return serving.application(Threads(TUNING["NAIVE_THREADS"], work))


def grouped() -> ASGIApp:
    """No queue; the receiver's groups, applied by its own threads."""
    return serving.application(Grouped(read(ReceiverSettings)))


if __name__ == "__main__":
    name = sys.argv[1]
    processes = TUNING[f"{name.upper()}_PROCESSES"]
    factory = f"benchmarks.baselines.__main__:{name}"
    server.serve(factory, read(ReceiverSettings), processes=processes)
