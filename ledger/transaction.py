"""One transaction, tried again where the database says that trying again is all it takes."""

import random
import time
from collections.abc import Callable
from typing import Final, TypeVar

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import InterfaceError, OperationalError

from ledger.reversal import UndecidedError

Result = TypeVar("Result")

TRIES: Final = 4

TRANSIENT: Final = (OperationalError, InterfaceError, UndecidedError)
"""The same work may well succeed later: deadlocks, locks, timeouts, lost or refused connections."""

log = structlog.get_logger("ledger")


def transact(engine: Engine, work: Callable[[Connection], Result], *, tries: int = TRIES) -> Result:
    """Run `work` in a transaction and commit it; its result.

    After a transient error it is run again from the start, `tries` times in all, with pauses that
    grow and vary. Then the last error is raised. `work` must be safe to repeat, as all of the
    ledger's operations are.
    """
    for attempt in range(1, tries):
        try:
            with engine.begin() as connection:
                return work(connection)
        except TRANSIENT as error:
            log.warning("the ledger is tried again", attempt=attempt, error=first_line(error))
            time.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311 - jitter, no secret
    with engine.begin() as connection:
        return work(connection)


def first_line(error: Exception) -> str:
    """What went wrong, without the statement and its values."""
    return str(getattr(error, "orig", None) or error).partition("\n")[0]
