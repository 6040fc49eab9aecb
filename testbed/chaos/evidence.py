"""Reads the database's rows by plain SQL, without any function of the ledger."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, TextClause, text

from testbed.chaos.parts import Part, is_in_part


def _of_part(query: str, column: str) -> TextClause:
    """The query, which ends with WHERE or AND, of the rows of one part by that column."""
    return text(f"{query} {is_in_part(column)}")


_REQUESTS: Final = _of_part(
    "SELECT DISTINCT reference, user_id, currency, outcome FROM unbet.requests WHERE", "reference"
)
_PARKED: Final = _of_part(
    "SELECT reference, cancel::jsonb ->> 'player',"
    " cancel::jsonb ->> 'currency', state FROM unbet.parked WHERE",
    "reference",
)


@dataclass(frozen=True)
class WalletRows:
    """How a wallet's own rows are read, in one form for all wallets."""

    bets: str
    """reference, state (a bet's, or `tombstone`), user_id, currency, amount and outcome; the query
    ends with WHERE or AND."""
    wins: str
    """reference and amount of what was paid; it ends with WHERE or AND."""
    wins_reference: str
    """The column's name in that query."""
    doubled: str
    """reference, kind, transfers, amount and stake of what moved more than once or too far."""
    money: str
    """user_id, currency, has and due of each player whose money is not what is due."""
    standing_bets: str
    """Locks some bets that stand, the newest: their cancels are on their way."""
    account: str
    """Locks the money of the player `%s`."""


class CancelKey(NamedTuple):
    """What makes a cancel the same as another one."""

    reference: str
    user_id: str | None
    """None where the dialect names no player."""
    currency: str | None
    """None where the dialect names none."""


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
    requests: dict[CancelKey, set[str]]
    """The outcomes of cancels that the journal has."""
    dead: set[CancelKey]
    parked: list[CancelKey]
    """Neither finished nor dead."""


def read(journal: Connection, wallet: Connection, rows: WalletRows, part: Part) -> Evidence:
    """That part of it, in the caller's transactions."""

    def found(connection: Connection, query: TextClause) -> Any:
        return connection.execute(query, {"number": part.number, "count": part.count})

    # The journal first: what it has then, the wallet has had before.
    requests: dict[CancelKey, set[str]] = defaultdict(set)
    for row in found(journal, _REQUESTS):
        requests[CancelKey(*row[:3])].add(row.outcome)
    parked = [(CancelKey(*row[:3]), row.state) for row in found(journal, _PARKED)]
    bets = found(wallet, _of_part(rows.bets, "reference"))
    wins = found(wallet, _of_part(rows.wins, rows.wins_reference))
    return Evidence(
        bets={row[0]: BetRow(*row[1:]) for row in bets},
        wins={row[0]: row[1] for row in wins},
        requests=dict(requests),
        dead={asked for asked, state in parked if state == "dead"},
        parked=[asked for asked, state in parked if state != "dead"],
    )


def doubled(wallet: Connection, rows: WalletRows) -> list[str]:
    """Stakes that were taken or given back more than once, a line each."""
    return [
        f"{row.reference}: {row.transfers} times {row.kind}, {row.amount} of {row.stake}"
        for row in wallet.execute(text(rows.doubled))
    ]


def wrong_balances(wallet: Connection, rows: WalletRows) -> list[str]:
    """Players who do not have what they should have, a line each."""
    return [
        f"{row.user_id} {row.currency} has {row.has} and should have {row.due}"
        for row in wallet.execute(text(rows.money))
    ]
