"""Decide a group of cancels: one transaction, one statement. What does not go well goes on in
`parts.py`."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Protocol

import orjson
from sqlalchemy import Connection, Engine, Row, text
from sqlalchemy.exc import DBAPIError

from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.database.deadlines import CALL_LIMIT_S, run_within
from unbet.database.faults import UndecidedError
from unbet.database.transaction import WITHIN_S
from unbet.journal.parking import park
from unbet.runtime import metrics
from unbet.runtime.failpoints import ARMED, crash_point
from unbet.wallets.ledger.parts import apply_in_parts

REVERSE: Final = text(Path(__file__).with_name("reverse.sql").read_text("utf-8"))

MOST_ROUNDS: Final = 10
"""A group goes round again only when a bet of it was committed during the statement."""

PATIENCE_S: Final = 0.5
"""After the lock timeout: the transactions of a busy player are over by then, on a slow disk too;
an operator's that is left open is not, and must not hold up others."""


class Decide(Protocol):
    """What decides cancels in the caller's transaction, as `reverse` does."""

    def __call__(
        self, connection: Connection, cancels: Sequence[Cancel], *, hold_unknown: bool
    ) -> list[Decision]: ...


def apply(
    engine: Engine,
    cancels: Sequence[Cancel],
    *,
    hold_unknown: bool = False,
    decide: Decide | None = None,
    within_s: float = WITHIN_S,
    patience_s: float = PATIENCE_S,
) -> Iterator[list[Decision]]:
    """Decide `cancels` in one transaction, by `reverse` or by `decide`; yields the decisions once
    they are committed.

    Where some of the group stand in the way of the others, it is done in parts, and each part is
    yielded as soon as it is committed: the culprit is found, kept in `parked`, and decided as
    PARKED. By its content it is dead; what another transaction has locked is looked at again for
    `patience_s` seconds, and then left to the sweep. Where the database itself is to blame, what it
    cannot decide is parked, and nothing of it is dead.

    A deadlock or a connection that is lost or no good is tried again for `within_s` seconds in all,
    then `LedgerAwayError` is raised. What has been yielded by then is final; all may be applied
    again.
    """
    if not cancels:
        return
    decide = decide or reverse

    def work(connection: Connection, some: Sequence[Cancel] = cancels) -> list[Decision]:
        decisions = decide(connection, some, hold_unknown=hold_unknown)
        if ARMED:
            crash_point("before_commit", some)
        return decisions

    started = time.monotonic()
    try:
        decisions = run_within(engine, CALL_LIMIT_S, work)
    except (DBAPIError, UndecidedError) as error:
        failed = error
    else:
        metrics.LEDGER_SECONDS.observe(time.monotonic() - started)
        yield decisions
        return
    yield from apply_in_parts(
        engine,
        cancels,
        work,
        failed=failed,
        started=started,
        deadline=started + within_s,
        patience_s=patience_s,
    )


def reverse(
    connection: Connection, cancels: Sequence[Cancel], *, hold_unknown: bool = False
) -> list[Decision]:
    """Decide each cancel, give stakes back, and record the requests. Does not commit.

    The decisions come in the order of `cancels`. Which outcome applies when: DESIGN, "Outcomes and
    answers". With `hold_unknown` a cancel of a bet that is not there is parked instead of leaving a
    tombstone. Raises `UndecidedError`, and whatever the driver raises: both mean that nothing may
    be committed.
    """
    if not cancels:
        return []
    parameters = parameters_of(cancels, leave_tombstones=not hold_unknown)
    for _ in range(MOST_ROUNDS):
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
    rows = [
        {
            "request_id": cancel.request_id,
            "provider": cancel.provider,
            "reference": cancel.reference,
            "user_id": cancel.player,
            "currency": cancel.currency,
            "uuid": cancel.uuid,
            "dialect": cancel.dialect,
            "received_at": cancel.received_at,
            "received_from": cancel.received_from,
            "body": cancel.body,
        }
        for cancel in cancels
    ]
    return {
        "cancels": orjson.dumps(rows).decode(),  # no amount is among them: see `rows.py`
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
    )
