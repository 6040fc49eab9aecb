"""What the ledger's tables say of rounds: their bets, and which of them are cancelled."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Row, text

from unbet.core.message import Cancel
from unbet.database.rows import as_json
from unbet.wallets.ledger.round_scope import Scope

_NAMED: Final = """
    (SELECT DISTINCT provider, reference
       FROM json_to_recordset(CAST(:cancels AS json))
                AS cancel (provider text, reference text)) AS named
"""
# A bet that was refused because of the round's cancel is none that the round had.
_BETS: Final = text(f"""
    SELECT bet.*
      FROM {_NAMED}
     CROSS JOIN LATERAL (
               SELECT provider, round_id, reference, user_id, currency, amount, state, outcome,
                      reversal_id
                 FROM unbet_ledger.bets
                WHERE round_id = named.reference AND provider = named.provider
                  AND refusal IS DISTINCT FROM 'cancelled'
               OFFSET 0
           ) AS bet
     ORDER BY bet.provider, bet.reference
""")  # noqa: S608 - no value is formatted in
_CANCELLED: Final = text(f"""
    SELECT cancelled.*
      FROM {_NAMED}
     CROSS JOIN LATERAL (
               SELECT provider, round_id, user_id, currency, outcome, cancel_request_id, cash_after,
                      cancelled_at
                 FROM unbet_ledger.cancelled_rounds
                WHERE round_id = named.reference AND provider = named.provider
               OFFSET 0
           ) AS cancelled
     ORDER BY cancelled_at
""")  # noqa: S608 - as above
_CLOSED: Final = text(f"""
    SELECT parked.provider, parked.reference, parked.cancel
      FROM {_NAMED}
      JOIN unbet.parked USING (reference, provider)
     WHERE parked.state = 'closed' AND parked.of_round
""")  # noqa: S608 - as above
_CASH: Final = text("""
    SELECT balance FROM unbet_ledger.accounts
     WHERE owner = :user_id AND currency = :currency AND kind = 'cash'
""")
_ADD: Final = text("""
    INSERT INTO unbet_ledger.cancelled_rounds (provider, round_id, user_id, currency, outcome,
                                               cancel_request_id, cash_after)
    SELECT * FROM json_to_recordset(CAST(:rows AS json))
                      AS cancelled (provider text, round_id text, user_id text, currency text,
                                    outcome text, cancel_request_id uuid, cash_after numeric)
     ORDER BY round_id, provider, user_id, currency
        ON CONFLICT DO NOTHING
""")

BetRow = Row[Any]


class CancelledRound(NamedTuple):
    """Bets of `scope` that come are refused."""

    scope: Scope
    outcome: str
    """What the first cancel got."""
    cancel_request_id: UUID
    cash_after: Decimal | None


def read_bets(connection: Connection, cancels: Iterable[Cancel]) -> Sequence[BetRow]:
    """The bets of the rounds that `cancels` name, in the order of their references."""
    return connection.execute(_BETS, _named(cancels)).all()


def read_cancelled(connection: Connection, cancels: Iterable[Cancel]) -> list[CancelledRound]:
    """What is cancelled of the rounds that `cancels` name, the first first."""
    return [
        CancelledRound(
            Scope(row.provider, row.round_id, row.user_id, row.currency),
            row.outcome,
            row.cancel_request_id,
            row.cash_after,
        )
        for row in connection.execute(_CANCELLED, _named(cancels))
    ]


def read_closed(connection: Connection, cancels: Iterable[Cancel]) -> list[Scope]:
    """What a person has closed of the rounds that `cancels` name, and not reopened."""
    rows = connection.execute(_CLOSED, _named(cancels))
    return [Scope.of_closed(row.provider, row.reference, row.cancel) for row in rows]


def add_cancelled(connection: Connection, rounds: Sequence[CancelledRound]) -> None:
    """Does not commit."""
    if rounds:
        rows = as_json(
            {
                **one.scope._asdict(),
                "outcome": one.outcome,
                "cancel_request_id": one.cancel_request_id,
                "cash_after": one.cash_after,
            }
            for one in rounds
        )
        connection.execute(_ADD, {"rows": rows})


def cash_of(connection: Connection, user_id: str, currency: str) -> Decimal | None:
    """None where the player has no such account."""
    values = {"user_id": user_id, "currency": currency}
    cash: Decimal | None = connection.execute(_CASH, values).scalar()
    return cash


def _named(cancels: Iterable[Cancel]) -> dict[str, str]:
    keys = ({"provider": one.provider, "reference": one.reference} for one in cancels)
    return {"cancels": as_json(keys)}
