"""What a person does to a parked cancel: have it tried again, or close it. Each is recorded, with
who did it."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, text

from contract.message import Cancel, Decision
from contract.outcomes import Outcome
from ledger.reversal import reverse

LONGEST_REASON: Final = 500
"""Characters."""

LONGEST_NAME: Final = 100
"""Characters of a person's name."""

# Locks the rows in order, and before any bet, as everybody does. The record is written by the
# statement that changes the row: never one without the other.
_INTERVENE: Final = """
    WITH matching AS MATERIALIZED (
        SELECT request_id
          FROM parked
         WHERE {condition}
         ORDER BY request_id
           FOR UPDATE
    ),
    changed AS (
        UPDATE parked
           SET {change}
          FROM matching
         WHERE parked.request_id = matching.request_id
        RETURNING parked.request_id, parked.provider, parked.reference
    )
    INSERT INTO interventions (request_id, provider, reference, action, made_by, reason)
    SELECT request_id, provider, reference, CAST(:action AS text), CAST(:made_by AS text),
           CAST(:reason AS text)
      FROM changed
     ORDER BY request_id
"""
_RETRY: Final = text(
    _INTERVENE.format(
        condition="""request_id = CAST(:request_id AS uuid)
            OR (reference = CAST(:reference AS text) AND state <> 'closed')
            OR (:all_dead AND state = 'dead')""",
        change="state = 'parked', tries = 0, next_try_at = now()",
    )
)
_CLOSE: Final = text(
    _INTERVENE.format(
        condition="""request_id = CAST(:request_id AS uuid) AND state <> 'closed'
           AND NOT EXISTS (SELECT FROM requests WHERE requests.request_id = parked.request_id)""",
        change="state = 'closed'",
    )
)
# Ids are given in the order of time, so that a group's lie close together: one look into the index,
# where asking for each of them takes ten times as long.
_CLOSED: Final = text("""
    SELECT request_id FROM parked
     WHERE request_id BETWEEN CAST(:first AS uuid) AND CAST(:last AS uuid) AND state = 'closed'
""")


class InterventionError(ValueError):
    """A name or a reason is missing or too long; the text names it."""


def retry_parked(
    connection: Connection,
    *,
    made_by: str,
    request_id: UUID | None = None,
    reference: str | None = None,
    all_dead: bool = False,
) -> int:
    """Make due now, with all tries before them, what matches: one request (a closed one, too), all
    of a reference, or all that is dead; how many did. Does not commit. Raises
    `InterventionError`."""
    values = {"request_id": request_id, "reference": reference, "all_dead": all_dead}
    recorded = {"action": "retry", "made_by": _name(made_by), "reason": None}
    return connection.execute(_RETRY, values | recorded).rowcount


def close_parked(connection: Connection, request_id: UUID, *, made_by: str, reason: str) -> bool:
    """Give up a cancel for good: nobody tries it again, unless a person says so; whether there was
    one that is not decided yet. It is kept. Another cancel of the bet, if the provider sends one,
    is decided as if this one had not been. Does not
    commit. Raises `InterventionError`."""
    told = _bounded("reason", reason, LONGEST_REASON)
    values = {"request_id": request_id, "made_by": _name(made_by), "reason": told}
    return connection.execute(_CLOSE, values | {"action": "close"}).rowcount == 1


def reverse_unless_closed(
    connection: Connection, cancels: Sequence[Cancel], *, hold_unknown: bool = False
) -> list[Decision]:
    """As `reverse`, but what a person has closed stays closed, though its message comes only now:
    nothing on the queue expires."""
    asked = [cancel.request_id for cancel in cancels]
    between = {"first": min(asked), "last": max(asked)}
    closed = set(connection.execute(_CLOSED, between).scalars()).intersection(asked)
    wanted = [cancel for cancel in cancels if cancel.request_id not in closed]
    decisions = reverse(connection, wanted, hold_unknown=hold_unknown)
    return decisions + [Decision(request_id=one, outcome=Outcome.PARKED) for one in closed]


def _name(made_by: str) -> str:
    return _bounded("name", made_by, LONGEST_NAME)


def _bounded(what: str, words: str, longest: int) -> str:
    words = words.strip()
    if not words:
        raise InterventionError(f"the {what} is empty")
    if len(words) > longest or not words.isprintable():
        raise InterventionError(f"the {what} is not one line of at most {longest} characters")
    return words
