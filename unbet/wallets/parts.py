"""Decides a group of cancels in which some block the others, for a wallet that decides in a
transaction of the journal's database. Its parts are units (`units.py`): the cancels of one request
are never split."""

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from unbet.core.message import Cancel
from unbet.database.faults import Fault, UndecidedError, fault_of, first_line
from unbet.runtime import metrics
from unbet.wallets.port import Decided, Undecided, Verdict, Why
from unbet.wallets.undecided import commit_until
from unbet.wallets.units import Unit, units_of

LOOK_INTERVAL_S: Final = 0.1
# A group has waited for its locks once; a part that did would hold up the parts after it.
_WAIT_BRIEFLY: Final = text("""
    SELECT set_config('lock_timeout', '50ms', true), set_config('statement_timeout', '1s', true)
""")

log = structlog.get_logger("ledger")

Decide = Callable[[Connection, list[Cancel]], list[Decided]]
"""Decides cancels in the caller's transaction. Raises `WrongAnswerError` for what is no decision,
and whatever the driver raises: both mean that nothing may be committed."""

FindBlocked = Callable[[Connection, Sequence[Cancel]], set[UUID]]
"""The requests that another transaction is in the way of; waits for nothing."""

Parts = Generator[Sequence[Verdict], None, list[Cancel]]
"""Verdicts as they become final, and in the end the cancels that met a lock once more."""

UnitParts = Generator[Sequence[Verdict], None, list[Unit]]
"""The same with units."""


class WrongAnswerError(Exception):
    """A wallet has returned what is no decision of what it was asked."""


WHY: Final = {
    Fault.LOCKED: Why.BUSY,
    Fault.DATABASE: Why.AWAY,
    Fault.CONTENT: Why.REJECTED,
    Fault.TIMED_OUT: Why.AMBIGUOUS,
    Fault.UNEXPECTED: Why.AMBIGUOUS,
}
"""All that is left of faults once what may simply be asked again has been (`AWAY`)."""


@dataclass(frozen=True)
class PartedGroup:
    """One call of `Wallet.cancel`. `started` is before the one transaction that has `failed`, if
    there was one. Without `find_blocked` the cancels that a lock blocks are found by trying."""

    engine: Engine
    decide: Decide
    started: float
    deadline: float
    lock_wait_s: float
    find_blocked: FindBlocked | None = None

    def part(
        self,
        cancels: list[Cancel],
        *,
        wait_for_locks: bool,
        failed: DBAPIError | UndecidedError | None = None,
    ) -> Parts:
        """Decide `cancels`, together if possible. With `wait_for_locks` none is left
        over. `failed` is the error that trying them together has met already."""
        left = yield from self._part(units_of(cancels), wait_for_locks, failed)
        return _joined(left)

    def _part(
        self,
        units: list[Unit],
        wait_for_locks: bool,
        failed: DBAPIError | UndecidedError | None = None,
    ) -> UnitParts:
        if not units:
            return []
        cancels = _joined(units)
        started = time.monotonic() if failed is None else self.started
        try:
            decisions = commit_until(
                self.engine,
                self.deadline,
                lambda c: self._decide(c, cancels, wait_for_locks),
                failed,
            )
        except (DBAPIError, WrongAnswerError) as error:
            problem = error
        else:
            metrics.LEDGER_SECONDS.observe(time.monotonic() - started)
            yield decisions
            return []
        fault = fault_of(problem) if isinstance(problem, DBAPIError) else Fault.UNEXPECTED
        log.warning("a group failed", cancels=len(cancels), error=first_line(problem))
        alone = len(units) == 1
        if wait_for_locks and (fault is Fault.LOCKED or (fault is Fault.TIMED_OUT and not alone)):
            yield from self._around_locks(units, first_line(problem))
            return []
        if alone and fault is Fault.LOCKED:
            return units
        if alone:
            yield _undecided(cancels, fault, first_line(problem))
            return []
        middle = len(units) // 2
        left = yield from self._part(units[:middle], wait_for_locks)
        return left + (yield from self._part(units[middle:], wait_for_locks))

    def _around_locks(self, units: list[Unit], problem: str) -> Iterator[Sequence[Verdict]]:
        """Decide those that nothing blocks; look again at the others for `lock_wait_s`."""
        ends = time.monotonic() + self.lock_wait_s
        blocked = yield from self._free_of(units)
        while blocked and time.monotonic() < ends:
            time.sleep(LOOK_INTERVAL_S)
            blocked = yield from self._free_of(blocked)
        if blocked:
            yield _undecided(_joined(blocked), Fault.LOCKED, problem)

    def _free_of(self, units: list[Unit]) -> UnitParts:
        """Decide those of `units` that nothing blocks; the others."""
        blocked: set[UUID] = set()
        cancels = _joined(units)
        if find_blocked := self.find_blocked:

            def look(connection: Connection) -> set[UUID]:
                found = find_blocked(connection, cancels)
                connection.rollback()
                return found

            blocked = commit_until(self.engine, self.deadline, look)
        free: list[Unit] = []
        left: list[Unit] = []
        for unit in units:
            is_blocked = any(cancel.request_id in blocked for cancel in unit)
            (left if is_blocked else free).append(unit)
        return left + (yield from self._part(free, wait_for_locks=False))

    def _decide(
        self, connection: Connection, cancels: list[Cancel], wait_for_locks: bool
    ) -> list[Decided]:
        if not wait_for_locks:
            connection.execute(_WAIT_BRIEFLY)
        return self.decide(connection, cancels)


def _joined(units: Sequence[Unit]) -> list[Cancel]:
    """Their cancels, those of a unit side by side."""
    return [cancel for unit in units for cancel in unit]


def _undecided(cancels: Sequence[Cancel], fault: Fault, error: str) -> list[Verdict]:
    return [Undecided(cancel, WHY[fault], fault.value, error) for cancel in cancels]
