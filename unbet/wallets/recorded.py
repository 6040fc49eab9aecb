"""A wallet that is not in the journal's database. The journal has what it is asked before it is
asked, and what it has decided before anybody hears of it. A process that dies in between asks again
with the same key, and the wallet repeats its decision."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from unbet.core.message import Cancel
from unbet.core.outcomes import BINDS_NOTHING, Outcome
from unbet.database.faults import LedgerAwayError, fault_of, first_line
from unbet.journal.asking import Key, end_asked, key_of, remember_asked
from unbet.journal.closings import closed_decision, find_closed
from unbet.journal.recording import Record, contradiction, find_decided, record_requests
from unbet.journal.sweeping import remove_parked
from unbet.journal.watching import lock_waiting, watch_unknown
from unbet.runtime.failpoints import ARMED, crash_point
from unbet.wallets.late_bets import report_late, with_late
from unbet.wallets.parts import WHY
from unbet.wallets.port import Abilities, Decided, Memory, Undecided, Verdict, Wallet, Why
from unbet.wallets.replayed import with_replayed_from_journal
from unbet.wallets.undecided import commit_until

RECORD_FOR_S: Final = 1.0
"""A decision is recorded for this long after the deadline: not to record it means to ask again."""
UNDER_WAY_S: Final = 15.0
"""A call that was begun less than this ago may still be under way."""
NOT_DONE: Final = frozenset({Why.BUSY, Why.AWAY, Why.REJECTED})


class _Plan(NamedTuple):
    """What becomes of the cancels of one call."""

    to_ask: list[Cancel]
    decided: list[tuple[Cancel, Decided]]
    """Without asking."""
    not_asked: list[Undecided]
    """In doubt, or of a bet that another one of them is about."""


class RecordedWallet:
    """`wallet` with a record. No transaction is open while the wallet is asked.

    A cancel of a reference that a person has closed is CLOSED, and the wallet is not asked. A
    request that the journal has another outcome of is AMBIGUOUS, unless the wallet cannot refuse
    late bets, and this is one. A wallet that does not remember for ever is not asked what the
    journal has its decision of, nor is any about what is parked; what it was asked longer ago than
    it remembers, and has no decision of, is REJECTED: a person has to look. Raises
    `LedgerAwayError` where the journal is away: what the wallet has decided by then it repeats.
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
        plan = self._plan(cancels, deadline)
        if plan.decided:
            yield self._record(plan.decided, deadline)
        if plan.not_asked:
            yield plan.not_asked
        if not plan.to_ask:
            return
        by_request = {cancel.request_id: cancel for cancel in plan.to_ask}
        for verdicts in self._wallet.cancel(plan.to_ask, deadline):
            decided = [one for one in verdicts if isinstance(one, Decided)]
            left = [one for one in verdicts if isinstance(one, Undecided)]
            if ARMED:
                crash_point("before_commit", plan.to_ask)
            pairs = [(by_request[one.decision.request_id], one) for one in decided]
            self._forget_not_done(left, deadline)
            recorded = self._record(pairs, deadline, asked=True)
            report_late(recorded, plan.to_ask)
            yield left + recorded

    def _plan(self, cancels: Sequence[Cancel], deadline: float) -> _Plan:
        """What is to be done with each; what is to be asked is in the journal then."""

        def plan(connection: Connection) -> _Plan:
            ours = list(cancels)
            if self._parked:
                ours = lock_waiting(connection, cancels, whole=False)
            firsts, waiting = self._one_of_each_bet(ours)
            doubted = remember_asked(connection, firsts)
            # Not before it: of what another call has decided meanwhile either doubt or decision
            # is seen.
            decided = self._decided_before(connection, ours)
            left = [cancel for cancel in firsts if cancel.request_id not in decided]
            in_doubt = [one for cancel in left for one in self._in_doubt(cancel, doubted, deadline)]
            left_out = {one.cancel.request_id for one in in_doubt}
            to_ask = [cancel for cancel in left if cancel.request_id not in left_out]
            end_asked(connection, undone=set(map(key_of, firsts)) - set(map(key_of, to_ask)))
            return _Plan(
                to_ask=to_ask,
                decided=[
                    (cancel, decided[cancel.request_id])
                    for cancel in ours
                    if cancel.request_id in decided
                ],
                not_asked=in_doubt
                + [one for one in waiting if one.cancel.request_id not in decided],
            )

        try:
            return commit_until(self._engine, deadline, plan)
        except DBAPIError as error:
            raise LedgerAwayError(first_line(error)) from error

    def _one_of_each_bet(self, cancels: Sequence[Cancel]) -> tuple[list[Cancel], list[Undecided]]:
        """Those to ask a wallet that forgets about, in one call, and those that wait meanwhile: two
        questions about one bet it might answer with two reversals."""
        if self._remembers_for_ever:
            return list(cancels), []
        firsts = {key_of(cancel): cancel for cancel in reversed(cancels)}
        waiting = [one for one in cancels if one is not firsts[key_of(one)]]
        return [*firsts.values()], [
            Undecided(one, Why.BUSY, "another cancel of the bet is asked", "its answer comes first")
            for one in waiting
        ]

    @property
    def _remembers_for_ever(self) -> bool:
        return self._wallet.abilities.remembers is Memory.FOR_EVER

    def _decided_before(
        self, connection: Connection, cancels: Sequence[Cancel]
    ) -> dict[UUID, Decided]:
        """What the wallet is not to be asked about: a person has closed it, or the journal has its
        decision, and it would decide again or has enough to do: most of what is parked are tries of
        a cancel that is decided."""
        found: dict[UUID, Decided] = {}
        abilities = self._wallet.abilities
        remembers = self._remembers_for_ever
        if not remembers or (self._parked and abilities.closes_unknown):
            # Of `no_bet` it has paid nothing: a bet may have come since.
            known = find_decided(connection, cancels, no_bet=abilities.closes_unknown)
            for request_id, one in known.items():
                if not (remembers and one.decision.outcome in BINDS_NOTHING):
                    found[request_id] = Decided(one.decision, one.replayed, one.wallet_ref)
        closed = find_closed(connection, cancels)
        for cancel in cancels:
            if cancel.request_id in closed:
                found[cancel.request_id] = Decided(closed_decision(cancel))
        return found

    def _in_doubt(
        self, cancel: Cancel, doubted: Mapping[Key, timedelta], deadline: float
    ) -> Iterator[Undecided]:
        """The verdict on one that the wallet has been asked about before, and may have forgotten
        when it is asked, by `deadline`; none if it may be asked."""
        age = doubted.get(key_of(cancel))
        left_s = deadline - time.monotonic()
        if age is None or age.total_seconds() + left_s < self._wallet.abilities.may_ask_again_for_s:
            return
        if age.total_seconds() < UNDER_WAY_S:
            yield Undecided(cancel, Why.BUSY, "another process asks", "its answer is waited for")
            return
        detail = f"asked {age} ago without an answer on record; asked again it may pay twice"
        yield Undecided(cancel, Why.REJECTED, "the wallet may have forgotten", detail)

    def _forget_not_done(self, verdicts: Sequence[Undecided], deadline: float) -> None:
        """What was surely not done. Best effort: what stays remembered is in doubt."""
        keys = {key_of(one.cancel) for one in verdicts if one.why in NOT_DONE}
        if keys:
            with suppress(DBAPIError, LedgerAwayError):
                commit_until(self._engine, deadline, lambda c: end_asked(c, undone=keys))

    def _record(
        self, decided: Sequence[tuple[Cancel, Decided]], deadline: float, *, asked: bool = False
    ) -> list[Verdict]:
        """The verdicts, once the journal has them; with `asked` they are the wallet's."""
        if not decided:
            return []
        records = [
            Record(cancel, one.decision, one.wallet_ref, one.replayed) for cancel, one in decided
        ]
        outcomes = [(key_of(cancel), one.decision.outcome) for cancel, one in decided]
        binding = {key for key, outcome in outcomes if outcome not in BINDS_NOTHING}
        # Another player's cancel does not say what another call did.
        undone = {key for key, _ in outcomes if asked}

        def write(connection: Connection) -> list[Verdict]:
            before = record_requests(
                connection, self._name, records, forgets=not self._remembers_for_ever
            )
            end_asked(connection, decided=binding, undone=undone)
            late = {}
            if not self.abilities.closes_unknown:
                late = watch_unknown(connection, records, before)
            known = with_replayed_from_journal(connection, [one for _, one in decided], before)
            verdicts = [
                _checked(cancel, one, before, late)
                for (cancel, _), one in zip(decided, known, strict=True)
            ]
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
