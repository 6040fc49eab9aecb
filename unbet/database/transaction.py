"""One transaction, tried again after an error that trying again can solve."""

import logging
import random
import time
from collections.abc import Callable
from typing import Final, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from unbet.database.deadlines import CALL_LIMIT_S, run_within
from unbet.database.faults import ASK_AGAIN, Fault, UndecidedError, fault_of, first_line

Result = TypeVar("Result")

RETRY_FOR_S: Final = 3.0
_FIRST_PAUSE_S: Final = 0.05
_MAX_PAUSE_S: Final = 0.5

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
    """The result of `once`, run until it succeeds, fails with another fault than those of `again`,
    or `deadline` (of the monotonic clock) is near. The pauses grow and vary. `report` is called
    before each new try. `failed` is what a first try has met that was made already. Raises the last
    error.
    """
    pause_s = _FIRST_PAUSE_S
    while True:
        try:
            if failed is not None:
                error, failed = failed, None
                raise error
            return once()
        except (DBAPIError, UndecidedError) as error:
            fault = fault_of(error)
            if fault not in again or time.monotonic() + pause_s >= deadline:
                raise
            report(fault, first_line(error))
        time.sleep(random.uniform(pause_s / 2, pause_s))  # noqa: S311 - jitter, no secret
        pause_s = min(2 * pause_s, _MAX_PAUSE_S)
