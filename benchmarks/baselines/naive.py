"""naive: `apply_async().get()`, one task per cancel: what a user would write with a queue."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from starlette.types import ASGIApp

from api.waits import Decided
from benchmarks.baselines import naive_queue, serving, tuning
from unbet.core.message import Cancel, Decision


class Naive:
    """A pool of threads, each waiting for one task."""

    def __init__(self, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads)

    async def decide(self, cancel: Cancel, within_s: float) -> Decided:
        loop = asyncio.get_running_loop()
        decision = await loop.run_in_executor(self._threads, self._ask, cancel, within_s)
        return Decided(decision, cancel.request_id)

    def close(self) -> None:
        self._threads.shutdown()

    def _ask(self, cancel: Cancel, within_s: float) -> Decision:
        result = naive_queue.cancel.apply_async([cancel.model_dump_json()])
        return Decision.model_validate_json(result.get(timeout=within_s))


def app() -> ASGIApp:
    dispatcher = Naive(tuning.NAIVE_THREADS)
    return serving.application(dispatcher, dispatcher.close)


if __name__ == "__main__":
    serving.serve("benchmarks.baselines.naive", tuning.NAIVE_PROCESSES)
