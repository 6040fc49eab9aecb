"""The record of requests, for wallets that do not write it in their own statement."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Row, text

from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import BINDS_NOTHING, MISMATCHES, Outcome, sql_list
from unbet.core.wallet_refs import number_of
from unbet.database.rows import as_json

# The second part sees the table as it was before the first.
_RECORD: Final = text("""
    WITH decided AS MATERIALIZED (
        SELECT *
          FROM json_to_recordset(CAST(:requests AS json))
                   AS (request_id uuid, provider text, reference text, user_id text, currency text,
                       amount numeric, batch uuid, uuid text, dialect text,
                       received_at timestamptz, received_from text, body text, outcome text,
                       wallet text, wallet_ref text, cash numeric, replayed boolean,
                       is_only_memory boolean, of_round boolean)
    ),
    recorded AS (
        INSERT INTO unbet.requests (request_id, provider, reference, user_id, currency, amount,
                                    batch, uuid, dialect, received_at, received_from, body,
                                    outcome, wallet, wallet_ref, cash, replayed, is_only_memory,
                                    of_round)
        SELECT request_id, provider, reference, user_id, currency, amount, batch, uuid, dialect,
               received_at, received_from, body, outcome, wallet, wallet_ref, cash, replayed,
               is_only_memory, of_round
          FROM decided
         -- Two that record the same requests at once must not wait for each other crosswise.
         ORDER BY request_id
            ON CONFLICT (request_id) DO NOTHING
    )
    SELECT request_id, outcome FROM unbet.requests
     WHERE request_id = ANY (ARRAY (SELECT request_id FROM decided))
""")

WAS_REPLAYED: Final = f"""
    (request.outcome NOT IN {sql_list(MISMATCHES)}
     AND coalesce(request.replayed,
                  EXISTS (SELECT
                            FROM unbet.requests AS other
                           WHERE other.reference = request.reference
                             AND other.provider = request.provider
                             AND other.of_round = request.of_round
                             AND other.outcome = request.outcome
                             AND (other.decided_at, other.request_id)
                                 < (request.decided_at, request.request_id))))
"""  # noqa: S608 - no value is formatted in
"""Of a row `request`: whether another request had the bet's outcome before it. As the wallet has
said with its first decision of this request; where it did not, as the journal knows."""
_FIND_REPLAYED: Final = text(f"""
    SELECT request_id
      FROM unbet.requests AS request
     WHERE request_id = ANY (CAST(:request_ids AS uuid[])) AND {WAS_REPLAYED}
""")  # noqa: S608 - no value is formatted in

# What came of a late bet counts as well.
_FIND: Final = text(f"""
    SELECT DISTINCT ON (requested.request_id)
           requested.request_id, found.outcome, found.cash, found.wallet_ref,
           found.user_id, found.currency, found.amount
      FROM json_to_recordset(CAST(:cancels AS json))
               AS requested (request_id uuid, provider text, reference text, of_round boolean)
     CROSS JOIN LATERAL (
               SELECT request_id, outcome, cash, wallet_ref, user_id, currency, amount, decided_at
                 FROM unbet.requests
                WHERE reference = requested.reference AND provider = requested.provider
                  AND of_round = requested.of_round
                UNION ALL
               SELECT request_id, late.outcome, NULL, late.wallet_ref, user_id, currency, amount,
                      found_at
                 FROM unbet.found_late AS late JOIN unbet.requests USING (request_id)
                WHERE late.reference = requested.reference AND late.provider = requested.provider
                  AND of_round = requested.of_round
           ) AS found
     WHERE found.outcome NOT IN {sql_list(BINDS_NOTHING)}
       AND (:no_bet OR found.outcome <> 'no_bet')
     ORDER BY requested.request_id, found.decided_at, found.request_id
""")  # noqa: S608 - no value is formatted in


class Record(NamedTuple):
    """A request and what its wallet has told of it."""

    cancel: Cancel
    decision: Decision
    wallet_ref: str | None = None
    """The wallet's own name for what it has booked."""
    replayed: bool | None = None


def record_requests(
    connection: Connection,
    wallet: str | None,
    records: Sequence[Record],
    *,
    forgets: bool = False,
) -> dict[UUID, Outcome]:
    """Record what `wallet` has decided, which may forget it; None is the built-in ledger. The
    outcomes of those requests that were recorded before, which stay as they are. Does not
    commit."""
    rows = as_json(
        {
            "request_id": cancel.request_id,
            "provider": cancel.provider,
            "reference": cancel.reference,
            "user_id": cancel.player,
            "currency": cancel.currency,
            "amount": cancel.amount,
            "batch": cancel.batch,
            "uuid": cancel.uuid,
            "dialect": cancel.dialect,
            "received_at": cancel.received_at,
            "received_from": cancel.received_from,
            "body": cancel.body,
            "outcome": decision.outcome.value,
            "wallet": wallet,
            "wallet_ref": wallet_ref,
            "cash": None if decision.cash is None else format(decision.cash, "f"),
            "replayed": replayed,
            "is_only_memory": True if forgets else None,
            "of_round": cancel.of_round,
        }
        for cancel, decision, wallet_ref, replayed in records
    )
    before = connection.execute(_RECORD, {"requests": rows})
    return {row.request_id: Outcome(row.outcome) for row in before}


def with_replayed(
    connection: Connection, decisions: Sequence[Decision], by_wallet: Mapping[UUID, bool | None]
) -> list[Decision]:
    """`decisions`, which are recorded now, with whether another request had each bet's outcome
    before. `by_wallet` has what the wallet says of those that were not recorded before."""
    open_ids = [one.request_id for one in decisions if by_wallet.get(one.request_id) is None]
    replayed = {request_id for request_id, was in by_wallet.items() if was}
    if open_ids:
        found = connection.execute(_FIND_REPLAYED, {"request_ids": open_ids})
        replayed |= set(found.scalars())
    return [
        one.model_copy(update={"replayed": True})
        if one.request_id in replayed and one.outcome not in MISMATCHES
        else one
        for one in decisions
    ]


def contradiction(decision: Decision, before: Mapping[UUID, Outcome]) -> str | None:
    """How `decision` differs from what was recorded `before` of the same request; None if it does
    not. After a person has reopened it, it may."""
    earlier = before.get(decision.request_id, decision.outcome)
    if earlier in (decision.outcome, Outcome.CLOSED):
        return None
    return f"is {decision.outcome} now, and was {earlier} before"


def find_decided(
    connection: Connection, cancels: Sequence[Cancel], *, no_bet: bool
) -> dict[UUID, Record]:
    """The first decision on record of the reference of each of `cancels`, as the answer to it, for
    a wallet that would decide again; `no_bet` is one only if so asked. The owner's cash and
    reference are told to nobody else."""
    keys = as_json(
        {
            "request_id": cancel.request_id,
            "provider": cancel.provider,
            "reference": cancel.reference,
            "of_round": cancel.of_round,
        }
        for cancel in cancels
    )
    asked = {"cancels": keys, "no_bet": no_bet}
    found = {row.request_id: row for row in connection.execute(_FIND, asked)}
    return {
        cancel.request_id: _repeated(cancel, found[cancel.request_id])
        for cancel in cancels
        if cancel.request_id in found
    }


def _repeated(cancel: Cancel, first: Row[Any]) -> Record:
    outcome = Outcome(first.outcome)
    # What either of the two did not say is not compared. Of a stake the journal knows only what was
    # sent: two that say two stakes cannot both mean the bet.
    if _differ(first.user_id, cancel.player):
        outcome = Outcome.MISMATCH
    elif _differ(first.currency, cancel.currency):
        outcome = Outcome.CURRENCY_MISMATCH
    elif _differ(first.amount, cancel.amount):
        outcome = Outcome.AMOUNT_MISMATCH
    is_theirs = outcome.value == first.outcome
    decision = Decision(
        request_id=cancel.request_id,
        outcome=outcome,
        transfer_id=number_of(first.wallet_ref) if is_theirs else None,
        currency=cancel.currency or (first.currency if is_theirs else None),
        cash=first.cash if is_theirs else None,
    )
    return Record(cancel, decision, first.wallet_ref if is_theirs else None, replayed=True)


def _differ(known: object, sent: object) -> bool:
    return None not in (known, sent) and known != sent
