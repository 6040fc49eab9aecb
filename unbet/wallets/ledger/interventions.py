"""The actions of a person on a parked cancel: retry, close, reopen. Each is recorded with the
person's name. `closing.py` has the effect of closing on the bet."""

from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Row, text

from unbet.core.outcomes import Outcome
from unbet.wallets.ledger.closing import bind_closing, outcome_of_closed, unbind_closing

MAX_REASON_LENGTH: Final = 500
"""Characters."""

MAX_NAME_LENGTH: Final = 100
"""Characters of a person's name."""

# Locks the rows in order, and before any bet, as everybody does. The record is written by the
# statement that changes the row: never one without the other.
_INTERVENE: Final = """
    WITH matching AS MATERIALIZED (
        SELECT request_id
          FROM unbet.parked
         WHERE {condition}
         ORDER BY request_id
           FOR UPDATE
    ),
    changed AS (
        UPDATE unbet.parked
           SET {change}
          FROM matching
         WHERE parked.request_id = matching.request_id
        RETURNING parked.request_id, parked.provider, parked.reference, parked.cancel
    ),
    recorded AS (
        INSERT INTO unbet.interventions (request_id, provider, reference, action, made_by, reason)
        SELECT request_id, provider, reference, CAST(:action AS text), CAST(:made_by AS text),
               CAST(:reason AS text)
          FROM changed
         ORDER BY request_id
    )
    SELECT provider, reference, cancel FROM changed
"""
_RETRY: Final = text(
    _INTERVENE.format(
        # With those that the same request asks for: they are decided together.
        condition="""(request_id = CAST(:request_id AS uuid)
                      OR reference = CAST(:reference AS text)
                      OR batch = ANY (ARRAY (SELECT batch
                                               FROM unbet.parked
                                              WHERE (request_id = CAST(:request_id AS uuid)
                                                     OR reference = CAST(:reference AS text))
                                                AND state <> 'closed' AND batch IS NOT NULL))
                      OR (:all_dead AND state = 'dead'))
           AND state <> 'closed'""",
        change="state = 'parked', tries = 0, next_try_at = now()",
    )
)
# Its own message may have come after it was closed, and have been told so: that is no decision of
# its own. A dead one that was `no_bet` is a late bet's: a person has dealt with it by hand.
_CLOSE: Final = text(
    _INTERVENE.format(
        condition="""request_id = CAST(:request_id AS uuid) AND state <> 'closed'
           AND NOT EXISTS (SELECT
                             FROM unbet.requests
                            WHERE requests.request_id = parked.request_id AND outcome <> 'closed'
                              AND NOT (outcome = 'no_bet' AND state = 'dead'))
        """,
        change="state = 'closed'",
    )
)
_REOPEN: Final = text(
    _INTERVENE.format(
        condition="request_id = CAST(:request_id AS uuid) AND state = 'closed'",
        change="state = 'parked', tries = 0, next_try_at = now()",
    )
)
_DECIDED: Final = text("SELECT outcome FROM unbet.requests WHERE request_id = :request_id")
# Whoever asked for it, and lost the connection during the commit, asks again.
_LAST_RECORD: Final = text("""
    SELECT interventions.id, action, made_by, made_at, interventions.reason,
           interventions.provider, interventions.reference, cancel,
           coalesce(parked.state = 'closed', false) AS is_closed
      FROM unbet.interventions
      LEFT JOIN unbet.parked USING (request_id)
     WHERE request_id = :request_id AND action IN ('close', 'reopen')
     ORDER BY interventions.id DESC
     LIMIT 1
""")


class InterventionError(ValueError):
    """A name or a reason is missing or too long; the text names it."""


class Record(NamedTuple):
    """Who closed or reopened a cancel before, and when."""

    id: int
    made_by: str
    made_at: datetime
    reason: str


class Closing(NamedTuple):
    """What came of closing a cancel."""

    closed: bool
    """Whether it is closed now: nobody tries it any more."""
    outcome: Outcome | None
    """What a cancel of its reference is told from now on. CLOSED: nothing moves until a person
    reopens it. Anything else was decided before, or is another player's or currency's. None where
    nothing is known: there is no such cancel, or the parked one cannot be read and binds nobody."""
    before: Record | None = None
    """By whom and when, if it was closed before. It may be the same person's, whose connection was
    lost during the commit: nothing is changed or recorded anew."""


class Reopening(NamedTuple):
    """What came of reopening a cancel: it is tried after all."""

    before: Record | None = None
    """As with `Closing`; it may have been decided since."""


def retry_parked(
    connection: Connection,
    *,
    made_by: str,
    request_id: UUID | None = None,
    reference: str | None = None,
    all_dead: bool = False,
) -> int:
    """Make due now, with all tries before them, what matches and is not closed: one request, all of
    a reference, or all that is dead; how many did. Does not commit. Raises `InterventionError`."""
    values = {"request_id": request_id, "reference": reference, "all_dead": all_dead}
    recorded = {"action": "retry", "made_by": _name(made_by), "reason": None}
    return len(connection.execute(_RETRY, values | recorded).all())


def close_parked(connection: Connection, request_id: UUID, *, made_by: str, reason: str) -> Closing:
    """Decide a cancel that has no outcome yet: nothing is returned, nobody tries it again, and
    every other cancel of the bet is told the same. Whoever decides first is final: a cancel that
    was decided meanwhile is not closed. Safe to repeat. Does not commit. Raises
    `InterventionError`, and `UndecidedError` as `reverse` does."""
    row = _intervene(connection, _CLOSE, request_id, "close", made_by, reason)
    if row is None:
        last = connection.execute(_LAST_RECORD, {"request_id": request_id}).one_or_none()
        if last is not None and last.is_closed:
            outcome = outcome_of_closed(connection, last.provider, last.reference, last.cancel)
            return Closing(closed=True, outcome=outcome, before=_record(last))
        decided = connection.execute(_DECIDED, {"request_id": request_id}).scalar()
        return Closing(closed=False, outcome=decided and Outcome(decided))
    outcome = bind_closing(connection, request_id, row.provider, row.reference, row.cancel)
    return Closing(closed=True, outcome=outcome)


def reopen_parked(
    connection: Connection, request_id: UUID, *, made_by: str, reason: str
) -> Reopening | None:
    """Have a closed cancel tried after all, and its reference decided anew; None if it was not
    closed. Safe to repeat. Does not commit. Raises `InterventionError`."""
    row = _intervene(connection, _REOPEN, request_id, "reopen", made_by, reason)
    if row is not None:
        unbind_closing(connection, row.provider, row.reference, row.cancel)
        return Reopening()
    last = connection.execute(_LAST_RECORD, {"request_id": request_id}).one_or_none()
    if last is None or last.action != "reopen":
        return None
    return Reopening(_record(last))


def _record(row: Row[Any]) -> Record:
    return Record(row.id, row.made_by, row.made_at, row.reason)


def _intervene(
    connection: Connection, statement: Any, request_id: UUID, action: str, made_by: str, reason: str
) -> Row[Any] | None:
    why = _bounded("reason", reason, MAX_REASON_LENGTH)
    values = {"action": action, "made_by": _name(made_by), "reason": why}
    return connection.execute(statement, values | {"request_id": request_id}).one_or_none()


def _name(made_by: str) -> str:
    return _bounded("name", made_by, MAX_NAME_LENGTH)


def _bounded(what: str, words: str, longest: int) -> str:
    words = words.strip()
    if not words:
        raise InterventionError(f"the {what} is empty")
    if len(words) > longest or not words.isprintable():
        raise InterventionError(f"the {what} is not one line of at most {longest} characters")
    return words
