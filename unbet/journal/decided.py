"""Reads what the journal says that a wallet has decided, to hold it against the wallet."""

from collections.abc import Collection
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, text

from unbet.core.message import Cancel
from unbet.core.outcomes import Outcome

# By the primary key, which begins with the moment in which the receiver had the cancel.
_SELECT: Final = """
    SELECT requests.request_id, received_at, received_from, provider, dialect, reference,
           user_id AS player, currency, amount, batch, uuid, body, of_round, told.outcome,
           told.wallet_ref
      FROM unbet.requests
      LEFT JOIN LATERAL (
               SELECT outcome, wallet_ref FROM unbet.found_late
                WHERE found_late.request_id = requests.request_id
                ORDER BY found_at DESC
                LIMIT 1
           ) AS late ON true
     -- Of a cancel whose bet came late the wallet has said something else since.
     CROSS JOIN LATERAL (
               SELECT coalesce(late.outcome, requests.outcome) AS outcome,
                      CASE WHEN late.outcome IS NULL THEN requests.wallet_ref
                           ELSE late.wallet_ref END AS wallet_ref
           ) AS told
     WHERE requests.request_id > :after AND wallet = :wallet
       AND told.outcome <> ALL (CAST(:without AS text[]))
     ORDER BY requests.request_id
     LIMIT :most
"""
_READ: Final = text(_SELECT)
_COUNT: Final = text(f"SELECT count(*) FROM ({_SELECT}) AS decided")  # noqa: S608 - ours
FIRST: Final = UUID(int=0)
"""Before every request."""
_TIMESTAMP_SHIFT: Final = 80
"""A UUID of version 7 begins with 48 bits of milliseconds since 1970."""


class DecidedRequest(NamedTuple):
    """A cancel, and what its wallet told of it."""

    cancel: Cancel
    outcome: Outcome
    wallet_ref: str | None


def before(moment: datetime) -> UUID:
    """Less than the ids of the requests that were received at `moment` or later, not of others."""
    milliseconds = max(0, int(moment.timestamp() * 1000))
    return UUID(int=max(0, (milliseconds << _TIMESTAMP_SHIFT) - 1))


def read_decided(
    connection: Connection, wallet: str, *, after: UUID, without: Collection[Outcome], most: int
) -> list[DecidedRequest]:
    """What `wallet` has decided, in the order of the request's id, from the first one after `after`
    on, but none with an outcome in `without`."""
    values = {"wallet": wallet, "after": after, "without": [*without], "most": most}
    found = []
    for row in connection.execute(_READ, values).mappings():
        fields = dict(row)
        outcome, wallet_ref = Outcome(fields.pop("outcome")), fields.pop("wallet_ref")
        found.append(DecidedRequest(Cancel.model_construct(**fields), outcome, wallet_ref))
    return found


def count_decided(
    connection: Connection, wallet: str, *, after: UUID, without: Collection[Outcome], most: int
) -> int:
    """How many `read_decided` would read."""
    values = {"wallet": wallet, "after": after, "without": [*without], "most": most}
    return int(connection.execute(_COUNT, values).scalar_one())
