"""Watches cancels of which a wallet has said `no_bet` that cannot refuse the bet when it comes: the
wallet is asked again until the bet's time is over."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Connection, text

from unbet.core.message import Cancel
from unbet.core.older import read_cancel
from unbet.core.outcomes import Outcome
from unbet.core.providers import ALL, Providers
from unbet.database.rows import as_json
from unbet.journal.parking import LATE_BET, rows_of
from unbet.journal.recording import Record
from unbet.journal.sweeping import lock_parked

PAUSES_S: Final = (15, 45, 540, 3000)
"""Before each look: 15 s, 1 min, 10 min and 1 h after the decision. A wallet that was away gets all
of them afterwards: bets that waited as well come then."""

LEASE_S: Final = 30
"""Longer than a look takes: so long no other sweep asks."""

NOT_REVERSED: Final = "the bet came after its cancel and has its result: nothing was returned"

_WATCH: Final = text(f"""
    INSERT INTO unbet.watched (request_id, provider, reference, cancel, look_at)
    SELECT request_id, provider, reference, cancel, now() + interval '{PAUSES_S[0]} seconds'
      FROM json_to_recordset(CAST(:cancels AS json))
               AS (request_id uuid, provider text, reference text, cancel text)
     -- Two that watch the same cancels at once must not wait for each other crosswise.
     ORDER BY request_id
        ON CONFLICT (request_id) DO NOTHING
""")  # noqa: S608 - no value is formatted in
# What is due later than any pause lasts, or was taken in the future, was dated by a clock that was
# ahead and has come back. Two searches, since each bound is a range of the index.
_FREE: Final = f"""
    (provider = ANY (CAST(:providers AS text[]))) <> :all_but
    AND (taken_at IS NULL OR taken_at <= now() - interval '{LEASE_S} seconds' OR taken_at > now())
    {{order}} LIMIT :most FOR NO KEY UPDATE SKIP LOCKED
"""
_LEASE: Final = text(f"""
    WITH due AS (
        SELECT request_id FROM unbet.watched
         WHERE look_at <= now() AND {_FREE.format(order="ORDER BY look_at")}
    ),
    misdated AS (
        SELECT request_id FROM unbet.watched
         WHERE look_at > now() + interval '{max(PAUSES_S)} seconds' AND {_FREE.format(order="")}
    )
    UPDATE unbet.watched SET taken_at = now()
      FROM (SELECT request_id FROM due UNION ALL SELECT request_id FROM misdated) AS leased
     WHERE watched.request_id = leased.request_id
    RETURNING watched.request_id, cancel
""")  # noqa: S608 - no value is formatted in
_HOLD_ROWS: Final = text("""
    SELECT request_id FROM unbet.watched
     WHERE request_id = ANY (CAST(:request_ids AS uuid[]))
       FOR UPDATE SKIP LOCKED
""")
_COUNT_LOOKS: Final = text("""
    WITH over AS (
        DELETE FROM unbet.watched
         WHERE request_id = ANY (CAST(:request_ids AS uuid[]))
           AND looks + 1 >= cardinality(CAST(:pauses AS integer[]))
    )
    UPDATE unbet.watched
       SET looks = looks + 1, taken_at = NULL,
           look_at = now() + make_interval(secs => (CAST(:pauses AS integer[]))[looks + 2])
     WHERE request_id = ANY (CAST(:request_ids AS uuid[]))
       AND looks + 1 < cardinality(CAST(:pauses AS integer[]))
""")
# The sweep marks it dead.
_PARK_UNREADABLE: Final = text("""
    WITH unreadable AS (
        DELETE FROM unbet.watched WHERE request_id = :request_id RETURNING *
    )
    INSERT INTO unbet.parked (request_id, provider, reference, cancel, state, reason, next_try_at)
    SELECT request_id, provider, reference, cancel, 'parked', :reason, now() FROM unreadable
        ON CONFLICT (request_id) DO NOTHING
""")
_KEEP_DEAD: Final = text("""
    INSERT INTO unbet.parked (request_id, provider, reference, cancel, state, reason, last_error,
                              next_try_at)
    SELECT request_id, provider, reference, cancel, 'dead', :reason, :error, now()
      FROM json_to_recordset(CAST(:cancels AS json))
               AS (request_id uuid, provider text, reference text, cancel text)
     ORDER BY request_id
        ON CONFLICT (request_id) DO UPDATE
       SET state = excluded.state, reason = excluded.reason, last_error = excluded.last_error
     WHERE parked.state <> 'closed'
""")
_NOTE: Final = text("""
    WITH late AS MATERIALIZED (
        SELECT *
          FROM json_to_recordset(CAST(:late AS json))
                   AS (request_id uuid, provider text, reference text, outcome text,
                       wallet_ref text)
    ),
    over AS (
        DELETE FROM unbet.watched WHERE request_id IN (SELECT request_id FROM late)
    )
    INSERT INTO unbet.found_late (request_id, provider, reference, outcome, wallet_ref)
    SELECT request_id, provider, reference, outcome, wallet_ref FROM late
     ORDER BY request_id
        ON CONFLICT (request_id, outcome) DO NOTHING
""")
_STATE: Final = text("""
    SELECT count(*) AS cancels,
           coalesce(greatest(0, extract(epoch FROM now() - min(look_at))), 0) AS overdue_s,
           (SELECT count(*) FROM unbet.found_late WHERE outcome = 'reversed') AS reversed,
           (SELECT count(*) FROM unbet.parked WHERE state = 'dead' AND reason = :reason)
               AS not_reversed
      FROM unbet.watched
""")


def watch_unknown(
    connection: Connection, records: Sequence[Record], before: Mapping[UUID, Outcome]
) -> dict[UUID, Outcome]:
    """Begin to watch those of `records` that are `no_bet` for the first time, and note those that
    were `no_bet` `before` and are something else now: the outcomes of these. Their bets came late.
    One that has its result is dead: it waits for a person. Does not commit."""
    first = [
        one.cancel
        for one in records
        if one.decision.outcome is Outcome.NO_BET and one.cancel.request_id not in before
    ]
    if first:
        connection.execute(_WATCH, {"cancels": rows_of(first)})
    late = [
        one
        for one in records
        if before.get(one.cancel.request_id) is Outcome.NO_BET
        and one.decision.outcome not in (Outcome.NO_BET, Outcome.CLOSED)
    ]
    if late:
        connection.execute(_NOTE, {"late": as_json(map(_row, late))})
        kept = [one.cancel for one in late if one.decision.outcome is Outcome.SETTLED]
        if kept:
            values = {"cancels": rows_of(kept), "reason": LATE_BET, "error": NOT_REVERSED}
            connection.execute(_KEEP_DEAD, values)
    return {one.cancel.request_id: one.decision.outcome for one in late}


def _row(late: Record) -> dict[str, Any]:
    return {
        "request_id": late.cancel.request_id,
        "provider": late.cancel.provider,
        "reference": late.cancel.reference,
        "outcome": late.decision.outcome.value,
        "wallet_ref": late.wallet_ref,
    }


def lease(connection: Connection, *, most: int, providers: Providers = ALL) -> list[Cancel]:
    """About `most` cancels of `providers` whose wallet is to be asked again, to be committed before
    it is. Until the lease is over nobody else gets them; no look is used up. One that cannot be
    read is parked, where it is found to be dead."""
    cancels = []
    names = {"providers": [*providers.names], "all_but": providers.all_but}
    for row in connection.execute(_LEASE, {"most": most} | names).all():
        try:
            cancels.append(read_cancel(row.cancel))
        except ValidationError:
            unreadable = {"request_id": row.request_id, "reason": LATE_BET}
            connection.execute(_PARK_UNREADABLE, unreadable)
    return cancels


def lock_waiting(
    connection: Connection, cancels: Sequence[Cancel], *, whole: bool = True
) -> list[Cancel]:
    """Those of `cancels` that are still parked or watched, locked to the end of the transaction.
    What another sweep has finished, or is at, is left out, and `whole` as with `lock_parked`."""
    parked = lock_parked(connection, cancels, whole=whole)
    ours = {cancel.request_id for cancel in parked}
    left = [cancel.request_id for cancel in cancels if cancel.request_id not in ours]
    if not left:
        return parked
    ours |= set(connection.execute(_HOLD_ROWS, {"request_ids": left}).scalars())
    return [cancel for cancel in cancels if cancel.request_id in ours]


def count_looks(connection: Connection, request_ids: Sequence[UUID]) -> None:
    """The wallet has been asked about these and knows no bet: they are looked at again later, or
    have been for the last time and go. Does not commit."""
    connection.execute(_COUNT_LOOKS, {"request_ids": [*request_ids], "pauses": [*PAUSES_S]})


class LateBets(NamedTuple):
    """The late bets of wallets that cannot refuse them, at one moment."""

    watched: int
    """Cancels that the wallet is asked about again."""
    overdue_s: float
    """How long the look that is due first has been due; 0 if none is."""
    reversed: int
    """Ever."""
    not_reversed: int
    """Those that had their result when they were found, and that no person has dealt with."""


def count_late_bets(connection: Connection) -> LateBets:
    """Needs to read times, states, reasons and outcomes, and nothing of a cancel."""
    row = connection.execute(_STATE, {"reason": LATE_BET}).one()
    return LateBets(row.cancels, float(row.overdue_s), row.reversed, row.not_reversed)
