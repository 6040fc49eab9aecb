"""Decides a group of cancels: one transaction, one statement. `unbet/wallets/parts.py` decides what
fails here."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Protocol
from uuid import UUID

import orjson
from sqlalchemy import Connection, Engine, Row, text
from sqlalchemy.exc import DBAPIError

from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.database.deadlines import CALL_LIMIT_S, run_within
from unbet.database.faults import UndecidedError
from unbet.journal.parking import park
from unbet.journal.recording import Record, record_requests
from unbet.runtime import metrics
from unbet.runtime.failpoints import ARMED, crash_point
from unbet.wallets.ledger.blocked import find_blocked
from unbet.wallets.ledger.round_cancels import cancel_rounds, find_blocked_rounds
from unbet.wallets.parts import FindBlocked, PartedGroup
from unbet.wallets.port import Abilities, Decided, Memory, Verdict
from unbet.wallets.units import decide_whole

REVERSE: Final = text(Path(__file__).with_name("reverse.sql").read_text("utf-8"))

MAX_ROUNDS: Final = 10
"""A group goes round again only when a bet of it was committed during the statement."""

LOCK_WAIT_S: Final = 0.5
"""After the lock timeout: the transactions of a busy player are over by then, on a slow disk too;
an operator's that is left open is not, and must not hold up others."""


class Decide(Protocol):
    """What decides cancels in the caller's transaction, as `decide_cancels` does."""

    def __call__(
        self, connection: Connection, cancels: Sequence[Cancel], *, hold_unknown: bool
    ) -> list[Decision]: ...


class LedgerWallet:
    """The built-in ledger, as the port wants a wallet.

    A group is decided by one statement in one transaction, which also writes the journal. Where
    some of it stand in the way of the others it is done in parts, each of which is final as soon
    as it is yielded: what another transaction has locked is looked at again for `lock_wait_s`
    seconds, and is BUSY then; what the tables refuse is REJECTED; where the database itself is to
    blame, what it cannot decide is AWAY. A deadlock or a connection that is lost or no good is
    tried again until the deadline, then `LedgerAwayError` is raised. Cancels of rounds are decided
    after the others, in a transaction of their own, with what belongs to their batches.
    """

    abilities = Abilities(
        remembers=Memory.FOR_EVER,
        closes_unknown=True,
        tells_cash=True,
        finds=True,
        max_together=256,
        keeps_journal=True,
        cancels_rounds=True,
    )

    def __init__(
        self,
        engine: Engine,
        *,
        hold_unknown: bool = False,
        decide: Decide | None = None,
        lock_wait_s: float = LOCK_WAIT_S,
    ) -> None:
        """With `hold_unknown` the cancel of a bet that is not there is parked, not decided. What
        decides is `decide_cancels`, or `decide` in its place."""
        self._engine = engine
        self._hold_unknown = hold_unknown
        self._decide = decide or decide_cancels
        self._lock_wait_s = lock_wait_s

    def cancel(self, cancels: Sequence[Cancel], deadline: float) -> Iterator[Sequence[Verdict]]:
        """As `Wallet.cancel`."""
        rounds = [cancel for cancel in cancels if cancel.of_round]
        if not rounds:
            yield from self._cancel(cancels, deadline, find_blocked)
            return
        batches = {cancel.batch for cancel in rounds if cancel.batch is not None}
        with_rounds = [one for one in cancels if one.of_round or one.batch in batches]
        others = [one for one in cancels if not (one.of_round or one.batch in batches)]
        yield from self._cancel(others, deadline, find_blocked)
        yield from self._cancel(with_rounds, deadline, _find_blocked_with_rounds)

    def _cancel(
        self, cancels: Sequence[Cancel], deadline: float, find_blocked: FindBlocked
    ) -> Iterator[Sequence[Verdict]]:
        if not cancels:
            return
        started = time.monotonic()
        try:
            decisions = run_within(self._engine, CALL_LIMIT_S, lambda c: self._work(c, cancels))
        except (DBAPIError, UndecidedError) as error:
            failed = error
        else:
            metrics.LEDGER_SECONDS.observe(time.monotonic() - started)
            yield [Decided(decision) for decision in decisions]
            return
        group = PartedGroup(
            self._engine,
            lambda connection, some: [Decided(one) for one in self._work(connection, some)],
            started,
            deadline,
            self._lock_wait_s,
            find_blocked,
        )
        yield from group.part(list(cancels), wait_for_locks=True, failed=failed)

    def _work(self, connection: Connection, cancels: Sequence[Cancel]) -> list[Decision]:
        decisions = self._decide(connection, cancels, hold_unknown=self._hold_unknown)
        if ARMED:
            crash_point("before_commit", cancels)
        return decisions


def decide_cancels(
    connection: Connection, cancels: Sequence[Cancel], *, hold_unknown: bool = False
) -> list[Decision]:
    """Decide cancels of bets and of rounds, as `reverse` and `cancel_rounds` do, and of a request
    that asks for several nothing where one cannot be cancelled; in the order of `cancels`. Does not
    commit."""

    def decide(some: Sequence[Cancel]) -> list[Decision]:
        return _decide_each(connection, some, hold_unknown=hold_unknown)

    if not any(cancel.batch for cancel in cancels):
        return decide(cancels)
    decided, refused = decide_whole(connection, cancels, decide, lambda decision: decision)
    by_request = {one.request_id: one for one in refused}
    records = [
        Record(one, by_request[one.request_id]) for one in cancels if one.request_id in by_request
    ]
    if records:
        record_requests(connection, None, records)
    by_request |= {one.request_id: one for one in decided}
    return [by_request[cancel.request_id] for cancel in cancels]


def _decide_each(
    connection: Connection, cancels: Sequence[Cancel], *, hold_unknown: bool
) -> list[Decision]:
    rounds = [cancel for cancel in cancels if cancel.of_round]
    if not rounds:
        return reverse(connection, cancels, hold_unknown=hold_unknown)
    bets = [cancel for cancel in cancels if not cancel.of_round]
    decided: dict[UUID, Decision] = {}

    def reverse_with_bets(connection: Connection, of_rounds: Sequence[Cancel]) -> list[Decision]:
        # One statement locks all of them in one order, after the rounds.
        found = reverse(connection, [*of_rounds, *bets], hold_unknown=hold_unknown)
        decided.update((one.request_id, one) for one in found)
        return found

    for one in cancel_rounds(connection, rounds, reverse_with_bets, hold_unknown=hold_unknown):
        decided[one.request_id] = one
    return [decided[cancel.request_id] for cancel in cancels]


def _find_blocked_with_rounds(connection: Connection, cancels: Sequence[Cancel]) -> set[UUID]:
    rounds = [cancel for cancel in cancels if cancel.of_round]
    bets = [cancel for cancel in cancels if not cancel.of_round]
    return find_blocked_rounds(connection, rounds, find_blocked) | find_blocked(connection, bets)


def reverse(
    connection: Connection, cancels: Sequence[Cancel], *, hold_unknown: bool = False
) -> list[Decision]:
    """Decide each cancel of a bet, give stakes back, and record the requests. Does not commit.

    The decisions come in the order of `cancels`. Which outcome applies when: DESIGN, "Outcomes and
    answers". With `hold_unknown` a cancel of a bet that is not there is parked instead of leaving a
    tombstone. Raises `UndecidedError`, and whatever the driver raises: both mean that nothing may
    be committed.
    """
    if not cancels:
        return []
    parameters = parameters_of(cancels, leave_tombstones=not hold_unknown)
    for _ in range(MAX_ROUNDS):
        rows = {row.request_id: row for row in connection.execute(REVERSE, parameters)}
        open_cancels = [c for c in cancels if rows[c.request_id].outcome is None]
        if hold_unknown:
            park(connection, open_cancels, reason="unknown reference")
        elif open_cancels:
            continue
        return [_decision(rows[cancel.request_id]) for cancel in cancels]
    raise UndecidedError([cancel.reference for cancel in cancels])


def parameters_of(cancels: Sequence[Cancel], *, leave_tombstones: bool) -> dict[str, object]:
    """The statement's parameters."""
    return {
        # Not by `rows.py`: that would be a file more on the way. Amounts go as text, exact.
        "cancels": orjson.dumps([vars(cancel) for cancel in cancels], default=str).decode(),
        "count": len(cancels),
        "leave_tombstones": leave_tombstones,
    }


def _decision(row: Row[tuple[object, ...]]) -> Decision:
    return Decision(
        request_id=row.request_id,
        outcome=Outcome(row.outcome or Outcome.PARKED),
        transfer_id=row.transfer_id,
        currency=row.currency,
        cash=row.cash,
        replayed=bool(row.replayed),
    )
