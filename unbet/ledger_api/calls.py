"""Calls to the ledger: in threads, each with a deadline, a limited number at a time."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Final, TypeVar
from weakref import WeakValueDictionary

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFreeError

from unbet.database.faults import ASK_AGAIN, Fault, fault_of, first_line
from unbet.database.transaction import transact
from unbet.ledger_api.problems import Problem, ProblemError

Result = TypeVar("Result")

THREADS: Final = 8
"""Transactions at a time, each on a connection of its own."""
MAX_WAITING: Final = 256
"""Requests that are held; one beyond them is told at once to come again."""
DEADLINE_S: Final = 5.0
"""Within which a request is answered, once its body is there."""

_AWAY: Final = ASK_AGAIN | {Fault.DATABASE}
_PERHAPS: Final = "It may be done all the same. Send it again: nothing is done twice."

log = structlog.get_logger("ledger")


class Calls:
    """Runs work on the ledger, committed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="ledger")
        self._waiting = 0
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def run(self, work: Callable[[Connection], Result], player: str | None = None) -> Result:
        """The result of `work`, which must be safe to repeat. A `player` has one thread at a time:
        one whose account somebody has locked does not keep the others waiting. Raises
        `ProblemError`: 503 where the ledger is away, 422 where it cannot hold a value."""
        if self._waiting >= MAX_WAITING:
            raise ProblemError(Problem.UNAVAILABLE, "Too many requests wait. Nothing was done.")
        self._waiting += 1
        deadline = time.monotonic() + DEADLINE_S
        try:
            async with asyncio.timeout(DEADLINE_S), self._turn(player):
                # What no thread has begun by then is given up.
                return await asyncio.get_running_loop().run_in_executor(
                    self._threads, self._call, work, deadline
                )
        except TimeoutError:
            problem = "no answer in time"
        except NoConnectionFreeError as error:
            problem = first_line(error)
        except DBAPIError as error:
            fault, problem = fault_of(error), first_line(error)
            if fault is Fault.CONTENT:
                log.warning("the ledger refuses a value", error=problem)
                raise ProblemError(Problem.OUT_OF_RANGE, "Nothing was done.") from error
            if fault not in _AWAY:
                raise
        finally:
            self._waiting -= 1
        log.warning("the ledger is away", error=problem)
        raise ProblemError(Problem.UNAVAILABLE, _PERHAPS)

    def _turn(self, player: str | None) -> AbstractAsyncContextManager[object]:
        if player is None:
            return nullcontext()
        turn = self._turns.get(player)
        if turn is None:
            turn = self._turns[player] = asyncio.Lock()
        return turn

    def _call(self, work: Callable[[Connection], Result], deadline: float) -> Result:
        left_s = max(0.1, deadline - time.monotonic())
        return transact(self._engine, work, within_s=left_s, limit_s=left_s)

    def close(self) -> None:
        """Let go of the threads; one that hangs ends by its own limit."""
        self._threads.shutdown(wait=False, cancel_futures=True)
