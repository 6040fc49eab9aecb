"""What the database says, read by plain SQL: no function of the ledger takes part."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, text

_BETS: Final = text("""
    SELECT reference, state, user_id, currency, amount, outcome FROM bets
""")
_WINS: Final = text("SELECT bet_reference, amount FROM wins WHERE refusal IS NULL")
_REQUESTS: Final = text("SELECT DISTINCT reference, user_id, currency FROM requests")
_PARKED: Final = text("""
    SELECT reference, cancel::jsonb -> 'request' ->> 'user_id',
           cancel::jsonb -> 'request' ->> 'currency', state
      FROM parked
""")
_DOUBLED: Final = text("""
    WITH moved AS (
        SELECT transfers.bet_id, transfers.kind, count(DISTINCT transfers.id) AS transfers,
               coalesce(sum(entries.amount) FILTER (WHERE accounts.kind IN ('cash', 'bonus')), 0)
                   AS amount
          FROM transfers
          LEFT JOIN entries ON entries.transfer_id = transfers.id
          LEFT JOIN accounts ON accounts.id = entries.account_id
         WHERE transfers.kind IN ('bet', 'reversal')
         GROUP BY transfers.bet_id, transfers.kind
    )
    SELECT bets.reference, moved.kind, moved.transfers, moved.amount, bets.amount AS stake
      FROM moved
      JOIN bets ON bets.id = moved.bet_id
     WHERE moved.transfers > 1 OR abs(moved.amount) > coalesce(bets.amount, 0)
     UNION ALL
    SELECT reference, 'row', count(*), 0, 0 FROM bets GROUP BY reference HAVING count(*) > 1
""")
_MONEY: Final = text("""
    WITH paid_in AS (
        SELECT user_id, currency, sum(amount) AS amount FROM deposits GROUP BY user_id, currency
    ), standing AS (
        SELECT user_id, currency, sum(amount) AS amount FROM bets
         WHERE state IN ('placed', 'settled') GROUP BY user_id, currency
    ), won AS (
        SELECT user_id, currency, sum(wins.amount) AS amount
          FROM wins JOIN bets ON bets.reference = wins.bet_reference
                             AND bets.provider = wins.provider
         WHERE wins.refusal IS NULL GROUP BY user_id, currency
    ), has AS (
        SELECT owner AS user_id, currency, sum(balance) AS amount FROM accounts
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


class Asked(NamedTuple):
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
    """All that the rules of the checker look at."""

    bets: dict[str, BetRow]
    wins: dict[str, Decimal]
    """What was paid, by the bet's reference."""
    requests: set[Asked]
    """Cancels that have a record with their outcome."""
    dead: set[Asked]
    parked: list[Asked]
    """Neither finished nor dead."""
    doubled: list[str]
    wrong_balances: list[str]


def read(connection: Connection) -> Evidence:
    """Everything, in the caller's transaction."""

    def rows(query: Any) -> Any:
        return connection.execute(query)

    parked = [(Asked(*row[:3]), row.state) for row in rows(_PARKED)]
    return Evidence(
        bets={row.reference: BetRow(*row[1:]) for row in rows(_BETS)},
        wins={row.bet_reference: row.amount for row in rows(_WINS)},
        requests={Asked(*row) for row in rows(_REQUESTS)},
        dead={asked for asked, state in parked if state == "dead"},
        parked=[asked for asked, state in parked if state != "dead"],
        doubled=[
            f"{row.reference}: {row.transfers} times {row.kind}, {row.amount} of {row.stake}"
            for row in rows(_DOUBLED)
        ],
        wrong_balances=[
            f"{row.user_id} {row.currency} has {row.has} and should have {row.due}"
            for row in rows(_MONEY)
        ],
    )
