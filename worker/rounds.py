"""A round of the sweep: what is due among the parked cancels, claimed, applied and noted."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import structlog
from sqlalchemy import Engine

from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.database.deadlines import CALL_LIMIT_S, run_within
from unbet.database.faults import LedgerAwayError
from unbet.journal.parking import count_parked
from unbet.runtime import metrics
from unbet.runtime.failpoints import crash_point
from unbet.wallets.ledger.reversal import apply
from unbet.wallets.ledger.sweeping import GivenUp, claim, give_up, note_error, reverse_parked

MOST_TOGETHER: Final = 256
MOST_ALONE: Final = 32
"""Applied alone in one round: what keeps failing must not hold up what has just been parked."""

log = structlog.get_logger("sweep")


class Sweep:
    """One sweeping process's work on the ledger."""

    def __init__(self, engine: Engine, *, hold_unknown: bool = False) -> None:
        self._engine = engine
        self._hold_unknown = hold_unknown
        self.decided = 0

    def round(self) -> bool:
        """Apply what is due: together what has not failed yet, the rest one by one; whether there
        was anything. Raises a `DBAPIError` when the ledger is away."""
        _note_dead(run_within(self._engine, CALL_LIMIT_S, give_up))
        found = self._take(fresh=True, most=MOST_TOGETHER, within_s=1.0)
        for _ in range(MOST_ALONE):
            # One claim each: what ends this process must not cost the others a try. And one try:
            # what ends its database session must not end ten of them.
            if not self._take(fresh=False, most=1, within_s=0.0):
                break
            found = True
        metrics.SWEEP_ROUNDS.inc()
        return found

    def _take(self, *, fresh: bool, most: int, within_s: float) -> bool:
        """Whether anything was due, be it only to be buried."""
        due = run_within(self._engine, CALL_LIMIT_S, lambda c: claim(c, fresh=fresh, most=most))
        _note_dead(due.unreadable)
        if due.cancels:
            crash_point("sweep_claimed", due.cancels)
            self._apply(due.cancels, within_s)
            crash_point("sweep_applied", due.cancels)
        return bool(due.cancels or due.unreadable)

    def _apply(self, cancels: Sequence[Cancel], within_s: float) -> None:
        claimed = {cancel.request_id: cancel for cancel in cancels}
        try:
            for decisions in apply(
                self._engine,
                cancels,
                hold_unknown=self._hold_unknown,
                decide=reverse_parked,
                within_s=within_s,
                patience_s=0.0,  # nobody waits, and it comes by again
            ):
                for decision in decisions:
                    self._note(decision, claimed[decision.request_id])
        except LedgerAwayError as away:
            error = str(away)
            references = [cancel.request.reference for cancel in cancels[:20]]
            log.warning("a try failed", references=references, error=error)
            # If the ledger is there after all, a cancel itself may be what ends its sessions: they
            # have their pauses, and the round goes on. If not, this raises.
            run_within(self._engine, CALL_LIMIT_S, lambda c: note_error(c, cancels, error))

    def _note(self, decision: Decision, cancel: Cancel) -> None:
        done = decision.outcome is not Outcome.PARKED
        self.decided += done
        metrics.SWEPT.inc(done)
        log.info(
            "decided" if done else "still parked",
            request_id=str(decision.request_id),
            reference=cancel.request.reference,
            uuid=cancel.request.uuid,
            outcome=decision.outcome.value,
            # Since the receiver had it, by two machines' clocks.
            seconds=max(0.0, round((datetime.now(UTC) - cancel.received_at).total_seconds(), 3)),
        )

    def heartbeat(self) -> None:
        """Say in the log what there is to do."""
        counts = run_within(self._engine, CALL_LIMIT_S, count_parked)
        log.info("sweeping", parked=counts.parked, dead=counts.dead, decided=self.decided)


def _note_dead(lost: Sequence[GivenUp]) -> None:
    for one in lost:
        metrics.DEAD.inc()
        log.error(
            "dead",
            request_id=str(one.request_id),
            reference=one.reference,
            uuid=one.uuid,
            error=one.error,
        )
