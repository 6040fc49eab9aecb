"""Has the function decide: what it decides and what the journal says of it are one transaction and
one commit."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import Connection, Engine, text

from unbet.core.message import Cancel, Decision
from unbet.database.rows import as_json
from unbet.journal.closings import closed_decision, find_closed
from unbet.journal.recording import Record, contradiction, find_decided, record_requests
from unbet.journal.sweeping import remove_parked
from unbet.journal.watching import lock_waiting, watch_unknown
from unbet.runtime.failpoints import ARMED, crash_point
from unbet.wallets.late_bets import report_late, with_late
from unbet.wallets.optional_fields import optional_fields
from unbet.wallets.parts import PartedGroup
from unbet.wallets.port import Abilities, Decided, Memory, Verdict
from unbet.wallets.replayed import with_replayed_from_journal
from unbet.wallets.sql.answer import read_answer, wrong
from unbet.wallets.units import chunks_of, decide_whole

LOCK_WAIT_S: Final = 0.5
"""After the lock timeout: a busy player's transactions are over by then."""
MAX_TOGETHER: Final = 64
"""A call holds its players until its commit. On a busy machine 256 cancels took longer than others
wait for a lock, and what was parked kept what was fresh from being decided."""

_CALL: Final = text("""
    SELECT request_id, outcome, wallet_ref, cash, replayed
      FROM unbet_cancel(CAST(:cancels AS jsonb))
""")


class SqlWallet:
    """`unbet_cancel(jsonb)`, as the port wants a wallet.

    Up to `MAX_TOGETHER` cancels are one call; those of one request are in one call in any case.
    Where it fails, or returns anything but one decision for each cancel, all of it is rolled back,
    and the group is halved until the cancel that it fails on is alone, or with those of its
    request: these are AMBIGUOUS, or what the error says, and the others are decided.
    """

    abilities = Abilities(
        remembers=Memory.FOR_EVER,
        closes_unknown=True,
        tells_cash=True,
        finds=False,
        max_together=MAX_TOGETHER,
        keeps_journal=True,
    )
    """If function and Bet are as `unbet wallet scaffold` begins them."""

    def __init__(
        self,
        engine: Engine,
        *,
        parked: bool = False,
        lock_wait_s: float = LOCK_WAIT_S,
        closes_unknown: bool = True,
        cancels_rounds: bool = False,
    ) -> None:
        """With `parked` it decides cancels that are parked or watched, and removes the former in
        the transaction that decides; what is neither any more is left out."""
        self.abilities = replace(
            SqlWallet.abilities, closes_unknown=closes_unknown, cancels_rounds=cancels_rounds
        )
        self._engine = engine
        self._parked = parked
        self._lock_wait_s = lock_wait_s

    def cancel(self, cancels: Sequence[Cancel], deadline: float) -> Iterator[Sequence[Verdict]]:
        """As `Wallet.cancel`."""
        for chunk in chunks_of(cancels, self.abilities.max_together):
            started = time.monotonic()
            group = PartedGroup(self._engine, self._work, started, deadline, self._lock_wait_s)
            for part in group.part(chunk, wait_for_locks=True):
                report_late(part, cancels)
                yield part

    def _work(self, connection: Connection, cancels: list[Cancel]) -> list[Decided]:
        ours = lock_waiting(connection, cancels) if self._parked else cancels
        decided = decide(connection, ours, closes_unknown=self.abilities.closes_unknown)
        if self._parked:
            done = [one.decision.request_id for one in decided if not one.waits_for_a_person]
            remove_parked(connection, done)
        if ARMED:
            crash_point("before_commit", cancels)
        return decided


def decide(
    connection: Connection, cancels: Sequence[Cancel], *, closes_unknown: bool = True
) -> list[Decided]:
    """Have the function decide `cancels`, except those of closed references, and write the journal.
    Without `closes_unknown` what was `no_bet` may be something else by now. Does not commit. Raises
    `WrongAnswerError`, and whatever the driver raises: both mean that nothing may be committed."""
    if not cancels:
        return []
    closed = find_closed(connection, cancels)

    def decide_some(some: Sequence[Cancel]) -> list[Decided]:
        left = [cancel for cancel in some if cancel.request_id not in closed]
        decided = {one.decision.request_id: one for one in call_function(connection, left)}
        return [decided.get(one.request_id) or Decided(closed_decision(one)) for one in some]

    of_batches = [cancel for cancel in cancels if cancel.batch is not None]
    known = find_decided(connection, of_batches, no_bet=True) if of_batches else {}

    def decision_of(one: Decided) -> Decision:
        replayed = one.replayed
        if replayed is None:  # where the function does not say it the journal does
            record = known.get(one.decision.request_id)
            replayed = record is not None and record.decision.outcome is one.decision.outcome
        return one.decision.model_copy(update={"replayed": replayed})

    results, refused = decide_whole(connection, cancels, decide_some, decision_of)
    decided = {one.decision.request_id: one for one in (*results, *map(Decided, refused))}
    verdicts = [decided[cancel.request_id] for cancel in cancels]
    records = [
        Record(cancel, one.decision, one.wallet_ref, one.replayed)
        for cancel, one in zip(cancels, verdicts, strict=True)
    ]
    before = record_requests(connection, "sql", records)
    verdicts = with_replayed_from_journal(connection, verdicts, before)
    late = {} if closes_unknown else watch_unknown(connection, records, before)
    for one in verdicts:
        problem = contradiction(one.decision, before)
        if problem and one.decision.request_id not in late:
            raise wrong(one.decision.request_id, problem)
    return [with_late(one, late) for one in verdicts]


def call_function(connection: Connection, cancels: Sequence[Cancel]) -> list[Decided]:
    """What the function decides of `cancels`; the journal is not written. Does not commit. Raises
    as `decide`."""
    if not cancels:
        return []
    rows = connection.execute(_CALL, {"cancels": _items(cancels)}).all()
    return read_answer(cancels, rows)


def _items(cancels: Sequence[Cancel]) -> str:
    return as_json(
        {
            "request_id": cancel.request_id,
            "provider": cancel.provider,
            "reference": cancel.reference,
            "player": cancel.player,
            "currency": cancel.currency,
            "uuid": cancel.uuid,
            "received_at": cancel.received_at,
            **optional_fields(cancel),
        }
        for cancel in cancels
    )
