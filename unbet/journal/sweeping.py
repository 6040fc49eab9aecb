"""Finishes parked cancels, whatever wallet decides. A try is counted and committed before it is
made: a cancel that ends its process runs out of tries."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Connection, Row, text

from unbet.core.message import Cancel
from unbet.core.older import fields_in, read_cancel
from unbet.core.providers import ALL, Providers
from unbet.journal.parking import DUE, PAUSE_BY_AGE

MAX_TRIES: Final = 5
"""Tries that failed by the cancel's own doing, as far as one can tell; then it is dead."""

# Cancels of one request are leased together, by the first of them that is still parked: whoever
# has locked that one has them all, and none where another one is locked. What goes beyond `most` is
# left, except the first.
_LEASE: Final = text(f"""
    WITH due AS MATERIALIZED (
        SELECT request_id, CASE WHEN :whole THEN batch END AS batch, tries, next_try_at
          FROM unbet.parked
         WHERE {DUE}
           AND (tries = 0) = :fresh AND tries < :most_tries AND (tries < 2 OR NOT :once)
           AND (provider = ANY (CAST(:providers AS text[]))) <> :all_but
           AND (batch IS NULL OR NOT :whole
                OR NOT EXISTS (SELECT
                                 FROM unbet.parked AS earlier
                                WHERE earlier.batch = parked.batch AND earlier.state = 'parked'
                                  AND earlier.request_id < parked.request_id))
         ORDER BY next_try_at
         LIMIT :most
           FOR NO KEY UPDATE SKIP LOCKED
    ),
    unit AS MATERIALIZED (
        SELECT due.*,
               sum(size) OVER (ORDER BY due.next_try_at, due.request_id) AS until_it,
               sum(size) OVER (ORDER BY due.next_try_at, due.request_id) - size AS before_it
          FROM due
         CROSS JOIN LATERAL (
                   SELECT CASE WHEN due.batch IS NULL THEN 1
                               ELSE (SELECT count(*)
                                       FROM unbet.parked AS other
                                      WHERE other.batch = due.batch AND other.state = 'parked')
                          END AS size
               ) AS counted
    ),
    chosen AS MATERIALIZED (
        SELECT * FROM unit WHERE before_it = 0 OR until_it <= :most
    ),
    other AS MATERIALIZED (
        SELECT request_id, batch
          FROM unbet.parked
         WHERE batch = ANY (ARRAY (SELECT batch FROM chosen WHERE batch IS NOT NULL))
           AND state = 'parked' AND request_id <> ALL (ARRAY (SELECT request_id FROM chosen))
           FOR NO KEY UPDATE SKIP LOCKED
    ),
    leased AS (
        SELECT request_id, tries FROM chosen WHERE batch IS NULL
         UNION ALL
        SELECT member.request_id, whole.tries
          FROM (
                   SELECT chosen.batch, chosen.tries
                     FROM chosen
                     LEFT JOIN other ON other.batch = chosen.batch
                    WHERE chosen.batch IS NOT NULL
                    GROUP BY chosen.batch, chosen.tries, chosen.until_it, chosen.before_it
                   HAVING count(other.request_id) + 1 = chosen.until_it - chosen.before_it
               ) AS whole
          JOIN (SELECT request_id, batch FROM chosen
                 UNION ALL
                SELECT request_id, batch FROM other) AS member ON member.batch = whole.batch
    )
    UPDATE unbet.parked
       SET tries = leased.tries + 1,
           -- Not since a moment that is still to come, by a clock that was ahead.
           parked_at = least(parked_at, now()),
           next_try_at = now() + make_interval(
               secs => least(60, 4 * power(2, leased.tries)) * (0.75 + random() / 2))
      FROM leased
     WHERE parked.request_id = leased.request_id
    RETURNING parked.request_id, parked.reference, cancel
""")  # noqa: S608 - no value is formatted in
_GIVE_UP: Final = text(f"""
    WITH due AS (
        SELECT request_id
          FROM unbet.parked
         WHERE {DUE} AND tries >= :most_tries
           FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE unbet.parked
       SET state = 'dead', last_error = coalesce(last_error, 'what applied it ended each time')
      FROM due
     WHERE parked.request_id = due.request_id
    RETURNING parked.request_id, parked.reference, cancel, parked.last_error
""")  # noqa: S608 - no value is formatted in
_HOLD_ROWS: Final = text("""
    SELECT request_id FROM unbet.parked
     WHERE request_id = ANY (CAST(:request_ids AS uuid[])) AND state = 'parked'
       FOR UPDATE SKIP LOCKED
""")
_STILL_PARKED: Final = text("""
    SELECT request_id FROM unbet.parked
     WHERE request_id = ANY (CAST(:request_ids AS uuid[])) AND state = 'parked'
""")
_REMOVE: Final = text("""
    WITH decided AS (
        DELETE FROM unbet.parked WHERE request_id = ANY (CAST(:request_ids AS uuid[])) RETURNING *
    )
    INSERT INTO unbet.parkings (request_id, provider, reference, reason, tries, last_error,
                                parked_at)
    SELECT request_id, provider, reference, reason, tries, last_error, parked_at
      FROM decided
        -- One that was parked again after it had been decided.
        ON CONFLICT (request_id) DO NOTHING
""")
_PUT_BACK: Final = text(f"""
    UPDATE unbet.parked
       SET tries = greatest(tries - 1, 0), reason = 'unknown reference', last_error = NULL,
           next_try_at = now() + {PAUSE_BY_AGE}
     WHERE request_id = ANY (CAST(:request_ids AS uuid[]))
""")  # noqa: S608 - no value is formatted in
_NOTE: Final = text("""
    UPDATE unbet.parked SET last_error = :error
     WHERE request_id = ANY (CAST(:request_ids AS uuid[])) AND state = 'parked'
""")
_MARK_DEAD: Final = text("""
    UPDATE unbet.parked SET state = 'dead', last_error = :error WHERE request_id = :request_id
""")


class GivenUp(NamedTuple):
    """A cancel that is dead from now on."""

    request_id: UUID
    reference: str
    uuid: str | None
    """The provider's; None if what is parked does not say it."""
    error: str


class Due(NamedTuple):
    """Parked cancels that are due, leased to the caller."""

    cancels: list[Cancel]
    unreadable: list[GivenUp]


def lease(
    connection: Connection,
    *,
    fresh: bool,
    most: int,
    once: bool = False,
    whole: bool = True,
    providers: Providers = ALL,
) -> Due:
    """Up to `most` cancels of `providers` that are due, their try counted; to be committed before
    it is made. Those of one request come together, also if they alone are more, and their tries are
    counted together; without `whole` they do not: their wallet has no transaction for them.

    `fresh` ones have not failed yet and may be applied together; the others only alone, or those
    that have failed `once` in a small group. Until their pause is over nobody else gets them. One
    that cannot be read is marked dead.
    """
    parameters = {
        "fresh": fresh,
        "once": once,
        "whole": whole,
        "most": most,
        "most_tries": MAX_TRIES,
        "providers": list(providers.names),
        "all_but": providers.all_but,
    }
    rows = connection.execute(_LEASE, parameters)
    due = Due([], [])
    for row in rows.all():
        try:
            due.cancels.append(read_cancel(row.cancel))
        except ValidationError as error:
            problem = f"the parked cancel cannot be read: {error.error_count()} faults"
            connection.execute(_MARK_DEAD, {"request_id": row.request_id, "error": problem})
            due.unreadable.append(_given_up(row, problem))
    return due


def give_up(connection: Connection) -> list[GivenUp]:
    """Make dead what has had all its tries. Does not commit."""
    rows = connection.execute(_GIVE_UP, {"most_tries": MAX_TRIES})
    return [_given_up(row, row.last_error) for row in rows]


def lock_parked(
    connection: Connection, cancels: Sequence[Cancel], *, whole: bool = True
) -> list[Cancel]:
    """Those of `cancels` that are still parked, locked to the end of the transaction. What another
    sweep has finished, or is at, is left out; what somebody holds, with `whole` together with all
    that the same request asks for."""
    parameters = {"request_ids": [cancel.request_id for cancel in cancels]}
    ours = set(connection.execute(_HOLD_ROWS, parameters).scalars())
    left = [one for one in cancels if one.batch is not None and one.request_id not in ours]
    if left and whole:
        parameters = {"request_ids": [one.request_id for one in left]}
        held = set(connection.execute(_STILL_PARKED, parameters).scalars())
        batches = {one.batch for one in left if one.request_id in held}
        ours -= {one.request_id for one in cancels if one.batch in batches}
    return [cancel for cancel in cancels if cancel.request_id in ours]


def put_back(connection: Connection, request_ids: Sequence[UUID]) -> None:
    """Leave them parked, as cancels of an unknown reference; their try does not count. Does not
    commit."""
    if request_ids:
        connection.execute(_PUT_BACK, {"request_ids": [*request_ids]})


def remove_parked(connection: Connection, request_ids: Sequence[UUID]) -> None:
    """Remove what this transaction has decided; a record of it is kept. Does not commit."""
    connection.execute(_REMOVE, {"request_ids": [*request_ids]})


def _given_up(row: Row[Any], error: str) -> GivenUp:
    uuid = fields_in(row.cancel).get("uuid")
    known = uuid if isinstance(uuid, str) else None
    return GivenUp(row.request_id, row.reference, known, error)


def note_error(connection: Connection, cancels: Sequence[Cancel], error: str) -> None:
    """Keep with `cancels` what their last try met. Does not commit."""
    ids = [cancel.request_id for cancel in cancels]
    connection.execute(_NOTE, {"request_ids": ids, "error": error})
