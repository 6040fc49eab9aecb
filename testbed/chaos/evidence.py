"""Reads the database's rows by plain SQL, without any function of the ledger."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, TextClause, text

from testbed.chaos.parts import Part, is_in_part


def _of_part(query: str, column: str) -> TextClause:
    """The query, which ends with WHERE or AND, of the rows of one part by that column."""
    return text(f"{query} {is_in_part(column)}")


_BETS: Final = _of_part(
    "SELECT reference, state, user_id, currency, amount, outcome FROM unbet_ledger.bets WHERE",
    "reference",
)
_WINS: Final = _of_part(
    "SELECT bet_reference, amount FROM unbet_ledger.wins WHERE refusal IS NULL AND", "bet_reference"
)
_REQUESTS: Final = _of_part(
    "SELECT DISTINCT reference, user_id, currency FROM unbet.requests WHERE", "reference"
)
_PARKED: Final = _of_part(
    "SELECT reference, cancel::jsonb ->> 'player',"
    " cancel::jsonb ->> 'currency', state FROM unbet.parked WHERE",
    "reference",
)
_DOUBLED: Final = text("""
    WITH moved AS (
        SELECT transfers.bet_id, transfers.kind, count(DISTINCT transfers.id) AS transfers,
               coalesce(sum(entries.amount) FILTER (WHERE accounts.kind IN ('cash', 'bonus')), 0)
                   AS amount
          FROM unbet_ledger.transfers
          LEFT JOIN unbet_ledger.entries ON entries.transfer_id = transfers.id
          LEFT JOIN unbet_ledger.accounts ON accounts.id = entries.account_id
         WHERE transfers.kind IN ('bet', 'reversal')
         GROUP BY transfers.bet_id, transfers.kind
    )
    SELECT bets.reference, moved.kind, moved.transfers, moved.amount, bets.amount AS stake
      FROM moved
      JOIN unbet_ledger.bets ON bets.id = moved.bet_id
     WHERE moved.transfers > 1 OR abs(moved.amount) > coalesce(bets.amount, 0)
     UNION ALL
    SELECT reference, 'row', count(*), 0, 0 FROM unbet_ledger.bets
     GROUP BY reference HAVING count(*) > 1
""")
_MONEY: Final = text("""
    WITH paid_in AS (
        SELECT user_id, currency, sum(amount) AS amount FROM unbet_ledger.deposits
         GROUP BY user_id, currency
    ), standing AS (
        SELECT user_id, currency, sum(amount) AS amount FROM unbet_ledger.bets
         WHERE state IN ('placed', 'settled') GROUP BY user_id, currency
    ), won AS (
        SELECT user_id, currency, sum(wins.amount) AS amount
          FROM unbet_ledger.wins JOIN unbet_ledger.bets ON bets.reference = wins.bet_reference
                             AND bets.provider = wins.provider
         WHERE wins.refusal IS NULL GROUP BY user_id, currency
    ), has AS (
        SELECT owner AS user_id, currency, sum(balance) AS amount FROM unbet_ledger.accounts
         WHERE kind IN ('cash', 'bonus') GROUP BY owner, currency
    )
    SELECT user_id, currency, coalesce(has.amount, 0) AS has,
           coalesce(paid_in.amount, 0) - coalesce(standing.amount, 0) + coalesce(won.amount, 0)
               AS due
      FROM has
      FULL JOIN paid_in USING (user_id, currency)
      FULL JOIN standing USING (user_id, currency)
      FULL JOIN won USING (user_id, currency)
     WHERE coalesce(has.amount, 0) <> coalesce(paid_in.amount, 0)
                                    - coalesce(standing.amount, 0) + coalesce(won.amount, 0)
""")


class CancelKey(NamedTuple):
    """What makes a cancel the same as another one."""

    reference: str
    user_id: str
    currency: str


class BetRow(NamedTuple):
    """A bet or tombstone as it stands."""

    state: str
    user_id: str
    currency: str
    amount: Decimal | None
    outcome: str | None


@dataclass(frozen=True)
class Evidence:
    """What the rules about a cancel look at, of one part of the references."""

    bets: dict[str, BetRow]
    wins: dict[str, Decimal]
    """What was paid, by the bet's reference."""
    requests: set[CancelKey]
    """Cancels that have a record with their outcome."""
    dead: set[CancelKey]
    parked: list[CancelKey]
    """Neither finished nor dead."""


def read(connection: Connection, part: Part) -> Evidence:
    """That part of it, in the caller's transaction."""

    def rows(query: Any) -> Any:
        return connection.execute(query, {"number": part.number, "count": part.count})

    parked = [(CancelKey(*row[:3]), row.state) for row in rows(_PARKED)]
    return Evidence(
        bets={row.reference: BetRow(*row[1:]) for row in rows(_BETS)},
        wins={row.bet_reference: row.amount for row in rows(_WINS)},
        requests={CancelKey(*row) for row in rows(_REQUESTS)},
        dead={asked for asked, state in parked if state == "dead"},
        parked=[asked for asked, state in parked if state != "dead"],
    )


def doubled(connection: Connection) -> list[str]:
    """Stakes that were taken or given back more than once, a line each."""
    return [
        f"{row.reference}: {row.transfers} times {row.kind}, {row.amount} of {row.stake}"
        for row in connection.execute(_DOUBLED)
    ]


def wrong_balances(connection: Connection) -> list[str]:
    """Accounts that do not have what they should have, a line each."""
    return [
        f"{row.user_id} {row.currency} has {row.has} and should have {row.due}"
        for row in connection.execute(_MONEY)
    ]
