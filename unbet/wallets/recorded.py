"""A wallet that is not in the journal's database: nobody hears of its decision before the journal
has it. A process that dies in between asks again with the same key, and the wallet repeats it."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from unbet.core.message import Cancel
from unbet.core.outcomes import Outcome
from unbet.database.faults import LedgerAwayError, fault_of, first_line
from unbet.journal.closings import closed_decision, find_closed
from unbet.journal.recording import Record, contradiction, record_requests
from unbet.journal.sweeping import remove_parked
from unbet.journal.watching import lock_waiting, watch_unknown
from unbet.runtime.failpoints import ARMED, crash_point
from unbet.wallets.late_bets import report_late, with_late
from unbet.wallets.parts import WHY
from unbet.wallets.port import Abilities, Decided, Undecided, Verdict, Wallet, Why
from unbet.wallets.undecided import commit_until

RECORD_FOR_S: Final = 1.0
"""A decision is recorded for this long after the deadline: not to record it means to ask again."""


class RecordedWallet:
    """`wallet` with a record. No transaction is open while the wallet is asked.

    A cancel of a reference that a person has closed is CLOSED, and the wallet is not asked. A
    request that the journal has another outcome of is AMBIGUOUS, unless the wallet cannot refuse
    late bets, and this is one. Raises `LedgerAwayError` where the
    journal is away: what the wallet has decided by then it repeats.
    """

    def __init__(self, engine: Engine, wallet: Wallet, name: str, *, parked: bool = False) -> None:
        """`name` is the wallet's in the record. With `parked` it decides parked and watched
        cancels, and removes the former as it records; what is neither any more is left out."""
        self._engine = engine
        self._wallet = wallet
        self._name = name
        self._parked = parked

    @property
    def abilities(self) -> Abilities:
        return self._wallet.abilities

    def cancel(self, cancels: Sequence[Cancel], deadline: float) -> Iterator[Sequence[Verdict]]:
        """As `Wallet.cancel`."""
        if not cancels:
            return
        open_cancels, closed = self._sort(cancels, deadline)
        if closed:
            yield self._record([(c, Decided(closed_decision(c))) for c in closed], deadline)
        by_request = {cancel.request_id: cancel for cancel in open_cancels}
        for verdicts in self._wallet.cancel(open_cancels, deadline):
            decided = [one for one in verdicts if isinstance(one, Decided)]
            left = [one for one in verdicts if isinstance(one, Undecided)]
            if ARMED:
                crash_point("before_commit", open_cancels)
            pairs = [(by_request[one.decision.request_id], one) for one in decided]
            recorded = self._record(pairs, deadline)
            report_late(recorded, open_cancels)
            yield left + recorded

    def _sort(
        self, cancels: Sequence[Cancel], deadline: float
    ) -> tuple[list[Cancel], list[Cancel]]:
        """Those to ask the wallet about, and those of closed references."""

        def look(connection: Connection) -> tuple[list[Cancel], list[Cancel]]:
            ours = lock_waiting(connection, cancels) if self._parked else list(cancels)
            closed = find_closed(connection, ours)
            return (
                [cancel for cancel in ours if cancel.request_id not in closed],
                [cancel for cancel in ours if cancel.request_id in closed],
            )

        try:
            return commit_until(self._engine, deadline, look)
        except DBAPIError as error:
            raise LedgerAwayError(first_line(error)) from error

    def _record(self, decided: Sequence[tuple[Cancel, Decided]], deadline: float) -> list[Verdict]:
        """The verdicts, once the journal has them."""
        if not decided:
            return []
        records = [
            Record(cancel, one.decision, one.wallet_ref, one.replayed) for cancel, one in decided
        ]

        def write(connection: Connection) -> list[Verdict]:
            before = record_requests(connection, self._name, records)
            late = {}
            if not self.abilities.closes_unknown:
                late = watch_unknown(connection, records, before)
            verdicts = [_checked(cancel, one, before, late) for cancel, one in decided]
            if self._parked:
                done = [
                    one.decision.request_id
                    for one in verdicts
                    if isinstance(one, Decided) and not one.waits_for_a_person
                ]
                remove_parked(connection, done)
            return verdicts

        try:
            return commit_until(self._engine, max(deadline, time.monotonic() + RECORD_FOR_S), write)
        except DBAPIError as error:
            why, problem = WHY[fault_of(error)], first_line(error)
            return [Undecided(cancel, why, "not recorded", problem) for cancel, _ in decided]


def _checked(
    cancel: Cancel, one: Decided, before: Mapping[UUID, Outcome], late: Mapping[UUID, Outcome]
) -> Verdict:
    problem = contradiction(one.decision, before)
    if problem is None or cancel.request_id in late:
        return with_late(one, late)
    return Undecided(cancel, Why.AMBIGUOUS, "told otherwise than before", problem)
