"""Have the ledger decide a group of cancels of which some stand in the way of the others. What goes
well never comes here: `reversal.apply`."""

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar
from uuid import UUID

import structlog
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.database.deadlines import CALL_LIMIT_S, run_within
from unbet.database.faults import AWAY, Fault, LedgerAwayError, UndecidedError, fault_of, first_line
from unbet.database.transaction import retry_until
from unbet.journal.parking import set_aside
from unbet.runtime import metrics
from unbet.wallets.ledger.blocked import find_blocked

LOOK_AGAIN_AFTER_S: Final = 0.1
# A group has waited for its locks once; a part that did would hold up the parts after it.
_WAIT_BRIEFLY: Final = text("""
    SELECT set_config('lock_timeout', '50ms', true), set_config('statement_timeout', '1s', true)
""")

log = structlog.get_logger("ledger")

Result = TypeVar("Result")

Decide = Callable[[Connection, list[Cancel]], list[Decision]]
"""Decides cancels in the caller's transaction."""

Parts = Generator[list[Decision], None, list[Cancel]]
"""Decisions as they are committed, and in the end the cancels that met a lock once more."""


def apply_in_parts(
    engine: Engine,
    cancels: Sequence[Cancel],
    decide: Decide,
    *,
    failed: DBAPIError | UndecidedError,
    started: float,
    deadline: float,
    patience_s: float,
) -> Iterator[list[Decision]]:
    """What `apply` does once its one transaction, begun at `started`, has `failed`."""
    application = _Application(engine, decide, started, deadline, patience_s)
    return application.part(list(cancels), patiently=True, failed=failed)


@dataclass(frozen=True)
class _Application:
    """One call of `apply`."""

    engine: Engine
    decide: Decide
    started: float
    deadline: float
    patience_s: float

    def part(
        self,
        cancels: list[Cancel],
        *,
        patiently: bool,
        failed: DBAPIError | UndecidedError | None = None,
    ) -> Parts:
        """Decide `cancels`, together if that is possible; `patiently` waits for their locks, and
        leaves none over. `failed` is what trying them together has met already."""
        if not cancels:
            return []
        started = time.monotonic() if failed is None else self.started
        try:
            decisions = self._transact(lambda c: self._decide(c, cancels, patiently), failed)
        except DBAPIError as error:
            problem = error
        else:
            metrics.LEDGER_SECONDS.observe(time.monotonic() - started)
            yield decisions
            return []
        fault = fault_of(problem)
        log.warning("a group did not go through", cancels=len(cancels), error=first_line(problem))
        alone = len(cancels) == 1
        if patiently and (fault is Fault.LOCKED or (fault is Fault.TIMED_OUT and not alone)):
            yield from self._around_locks(cancels, first_line(problem))
            return []
        if alone and fault is Fault.LOCKED:
            return cancels
        if alone:
            yield self._set_aside(cancels, fault, first_line(problem))
            return []
        middle = len(cancels) // 2
        left = yield from self.part(cancels[:middle], patiently=patiently)
        return left + (yield from self.part(cancels[middle:], patiently=patiently))

    def _around_locks(self, cancels: list[Cancel], problem: str) -> Iterator[list[Decision]]:
        """Decide those that nothing blocks, and look again at the others until patience ends."""
        ends = time.monotonic() + self.patience_s
        blocked = yield from self._free_of(cancels)
        while blocked and time.monotonic() < ends:
            time.sleep(LOOK_AGAIN_AFTER_S)
            blocked = yield from self._free_of(blocked)
        if blocked:
            yield self._set_aside(blocked, Fault.LOCKED, problem)

    def _free_of(self, cancels: list[Cancel]) -> Parts:
        """Decide those of `cancels` that nothing blocks; the others."""
        free, blocked = self._sort_out(cancels)
        return blocked + (yield from self.part(free, patiently=False))

    def _decide(
        self, connection: Connection, cancels: list[Cancel], patiently: bool
    ) -> list[Decision]:
        if not patiently:
            connection.execute(_WAIT_BRIEFLY)
        return self.decide(connection, cancels)

    def _sort_out(self, cancels: list[Cancel]) -> tuple[list[Cancel], list[Cancel]]:
        """Those that are free, and those that are blocked."""

        def look(connection: Connection) -> set[UUID]:
            found = find_blocked(connection, cancels)
            connection.rollback()
            return found

        blocked = self._transact(look)
        return (
            [cancel for cancel in cancels if cancel.request_id not in blocked],
            [cancel for cancel in cancels if cancel.request_id in blocked],
        )

    def _set_aside(self, cancels: list[Cancel], fault: Fault, error: str) -> list[Decision]:
        dead = fault is Fault.CONTENT
        counts = fault not in (Fault.LOCKED, Fault.DATABASE)
        try:
            self._transact(
                lambda c: set_aside(
                    c, cancels, reason=fault.value, error=error, dead=dead, counts=counts
                )
            )
        except DBAPIError as unkept:
            # They stay where they were: on the queue, in parking, with the receiver.
            raise LedgerAwayError(first_line(unkept)) from unkept
        if dead:
            metrics.DEAD.inc(len(cancels))
        for cancel in cancels:
            log.warning(
                "dead" if dead else "parked",
                request_id=str(cancel.request_id),
                reference=cancel.reference,
                uuid=cancel.uuid,
                reason=fault.value,
                error=error,
            )
        return [
            Decision(request_id=cancel.request_id, outcome=Outcome.PARKED) for cancel in cancels
        ]

    def _transact(
        self,
        work: Callable[[Connection], Result],
        failed: DBAPIError | UndecidedError | None = None,
    ) -> Result:
        """Commit `work`. Raises `LedgerAwayError`, or a `DBAPIError` that blames what was asked."""
        try:
            return retry_until(
                self.deadline,
                lambda: run_within(self.engine, CALL_LIMIT_S, work),
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
