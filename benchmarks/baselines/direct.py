"""direct: no queue; each request's one cancel is reversed in a transaction of its own."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Connection
from starlette.types import ASGIApp

from api.waits import Decided
from benchmarks.baselines import serving, tuning
from unbet import connect_to, transact
from unbet.core.message import Cancel, Decision
from unbet.runtime.settings import ReceiverSettings, read
from unbet.wallets.ledger.reversal import reverse


class Direct:
    """A pool of threads, each with a connection to the ledger."""

    def __init__(self, database_url: str, threads: int) -> None:
        self._engine = connect_to(database_url, name="direct", pool_size=threads)
        self._threads = ThreadPoolExecutor(threads)

    async def decide(self, cancel: Cancel, _within_s: float) -> Decided:
        loop = asyncio.get_running_loop()
        decision = await loop.run_in_executor(self._threads, self._reverse, cancel)
        return Decided(decision, cancel.request_id)

    def close(self) -> None:
        self._threads.shutdown()
        self._engine.dispose()

    def _reverse(self, cancel: Cancel) -> Decision:
        def work(connection: Connection) -> Decision:
            return reverse(connection, [cancel])[0]

        return transact(self._engine, work)


def app() -> ASGIApp:
    dispatcher = Direct(read(ReceiverSettings).database_url, tuning.DIRECT_THREADS)
    return serving.application(dispatcher, dispatcher.close)


if __name__ == "__main__":
    serving.serve("benchmarks.baselines.direct", tuning.DIRECT_PROCESSES)
