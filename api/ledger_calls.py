"""The receiver's calls to the ledger: off the event loop, each with a deadline."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from unbet.database.deadlines import run_within
from unbet.database.faults import ContentRefusedError, Fault, LedgerAwayError, fault_of, first_line
from unbet.runtime.breaker import CircuitBreaker

log = structlog.get_logger("receiver")

Result = TypeVar("Result")

THREADS: Final = 4
RETRY_NEEDS_S: Final = 0.2
"""The least time left for a second try."""


class LedgerCalls:
    """Runs work on the ledger in threads; `run` returns or raises within its limit."""

    def __init__(self, engine: Engine, limit_s: float) -> None:
        self._engine = engine
        self._limit_s = limit_s
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="ledger")
        self._breaker = CircuitBreaker()

    async def run(self, work: Callable[[Connection], Result]) -> Result:
        """The result of `work`, committed. Raises `LedgerAwayError`; as a `ContentRefusedError`,
        it says nothing of other work, and the circuit breaker stays closed."""
        if self._breaker.is_open:
            raise LedgerAwayError("the ledger was away a moment ago")
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._limit_s):
                return await loop.run_in_executor(self._threads, self._call, work)
        except TimeoutError:
            problem = f"no answer within {self._limit_s:.2f} s"
        except DBAPIError as error:
            problem = first_line(error)
            if fault_of(error) is Fault.CONTENT:
                raise ContentRefusedError(problem) from error
        except SQLAlchemyError as error:
            problem = first_line(error)
        except Exception as error:
            # The outermost shell of a call: a bug must not keep a cancel from the spool.
            log.exception("a call to the ledger failed")
            problem = type(error).__name__
        self._breaker.trip()
        raise LedgerAwayError(problem)

    def _call(self, work: Callable[[Connection], Result]) -> Result:
        ends = time.monotonic() + self._limit_s
        try:
            return run_within(self._engine, self._limit_s, work)
        except DBAPIError as error:
            left_s = ends - time.monotonic()
            # A broken session says nothing about the server that a new one leads to. The work here
            # is safe to repeat.
            if not error.connection_invalidated or left_s < RETRY_NEEDS_S:
                raise
            return run_within(self._engine, left_s, work)

    def close(self) -> None:
        """Let go of the threads; one that hangs ends by its own limit."""
        self._threads.shutdown(wait=False, cancel_futures=True)
