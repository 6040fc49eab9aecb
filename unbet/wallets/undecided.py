"""Parks the cancels that a wallet has left undecided, for the sweep or for a person."""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Final, TypeVar

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from unbet.core.message import Decision
from unbet.core.outcomes import Outcome
from unbet.database.deadlines import CALL_LIMIT_S, run_within
from unbet.database.faults import AWAY, Fault, LedgerAwayError, UndecidedError, fault_of, first_line
from unbet.database.transaction import retry_until
from unbet.journal.parking import set_aside
from unbet.runtime import metrics
from unbet.wallets.port import Undecided, Why

_COUNTS: Final = frozenset({Why.AMBIGUOUS, Why.REJECTED})
"""These use up a try."""

Result = TypeVar("Result")

log = structlog.get_logger("ledger")


def keep_undecided(
    engine: Engine, verdicts: Sequence[Undecided], deadline: float
) -> list[Decision]:
    """Park them, by what is in their way; each is PARKED then. Tries until `deadline`, in seconds
    of the monotonic clock. Raises `LedgerAwayError`: they stay where they were, on the queue, in
    parking, with the receiver."""
    for _, alike in groupby(verdicts, lambda one: one[1:]):
        _keep(engine, list(alike), deadline)
    return [Decision(request_id=one.cancel.request_id, outcome=Outcome.PARKED) for one in verdicts]


def log_undecided(verdicts: Sequence[Undecided]) -> list[Decision]:
    """For a dry run: they are not parked; each is PARKED, as it would be."""
    for cancel, why, reason, detail in verdicts:
        log.info(
            "would not be decided",
            request_id=str(cancel.request_id),
            reference=cancel.reference,
            uuid=cancel.uuid,
            why=why.value,
            reason=reason,
            error=detail,
        )
    return [Decision(request_id=one.cancel.request_id, outcome=Outcome.PARKED) for one in verdicts]


def _keep(engine: Engine, alike: Sequence[Undecided], deadline: float) -> None:
    _, why, reason, detail = alike[0]
    detail = detail.replace("\0", "\ufffd")  # PostgreSQL's text has none; a wallet's may
    cancels, dead = [one.cancel for one in alike], why is Why.REJECTED

    def park(connection: Connection) -> None:
        counts = why in _COUNTS
        set_aside(connection, cancels, reason=reason, error=detail, dead=dead, counts=counts)

    try:
        commit_until(engine, deadline, park)
    except DBAPIError as unkept:
        raise LedgerAwayError(first_line(unkept)) from unkept
    if dead:
        metrics.DEAD.inc(len(cancels))
    for cancel in cancels:
        log.warning(
            "dead" if dead else "parked",
            request_id=str(cancel.request_id),
            reference=cancel.reference,
            uuid=cancel.uuid,
            reason=reason,
            error=detail,
        )


def commit_until(
    engine: Engine,
    deadline: float,
    work: Callable[[Connection], Result],
    failed: DBAPIError | UndecidedError | None = None,
) -> Result:
    """The result of `work`, committed; tried until `deadline`, in seconds of the monotonic clock.
    `failed` is what a try that was made already has met. Raises `LedgerAwayError`, or a
    `DBAPIError` that blames what was asked."""
    try:
        return retry_until(
            deadline,
            lambda: run_within(engine, CALL_LIMIT_S, work),
            again=AWAY,
            report=_report_retry,
            failed=failed,
        )
    except (DBAPIError, UndecidedError) as error:
        if fault_of(error) in AWAY:
            raise LedgerAwayError(first_line(error)) from error
        raise


def _report_retry(fault: Fault, error: str) -> None:
    metrics.RETRIES.labels(reason=fault.value).inc()
    log.warning("the ledger is tried again", fault=fault.value, error=error)
