"""One transaction, tried again after an error that trying again can solve."""

import logging
import time
from collections.abc import Callable
from typing import Final, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from unbet.database.deadlines import CALL_LIMIT_S, run_within
from unbet.database.faults import ASK_AGAIN, Fault, UndecidedError, fault_of, first_line
from unbet.runtime import retrying

Result = TypeVar("Result")

RETRY_FOR_S: Final = 3.0

log = logging.getLogger(__name__)


def transact(
    engine: Engine,
    work: Callable[[Connection], Result],
    *,
    within_s: float = RETRY_FOR_S,
    limit_s: float = CALL_LIMIT_S,
) -> Result:
    """Run `work` in a transaction and commit it; its result.

    After a deadlock, a lock or statement timeout, a lost connection or one that turned out to be no
    good (a standby, a plan whose table has changed) it is run again from the start, until
    `within_s` seconds are over. Then the last error is raised. One try takes `limit_s` seconds at
    most, also where the server has stopped. `work` must be safe to repeat, as all of the ledger's
    operations are.
    """
    return retry_until(
        time.monotonic() + within_s,
        lambda: run_within(engine, limit_s, work),
        again=ASK_AGAIN,
        report=lambda fault, error: log.warning("tried again: %s (%s)", error, fault.value),
    )


def retry_until(
    deadline: float,
    once: Callable[[], Result],
    *,
    again: frozenset[Fault],
    report: Callable[[Fault, str], None],
    failed: DBAPIError | UndecidedError | None = None,
) -> Result:
    """As the loop of `retrying.py`, with errors of the database: tried again are the faults of
    `again`, and `report` is told of each before."""

    def may_retry(error: Exception) -> bool:
        assert isinstance(error, DBAPIError | UndecidedError)  # noqa: S101 - no other is caught
        fault = fault_of(error)
        if fault in again:
            report(fault, first_line(error))
        return fault in again

    errors = (DBAPIError, UndecidedError)
    return retrying.retry_until(deadline, once, errors=errors, may_retry=may_retry, failed=failed)
