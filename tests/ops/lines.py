"""Lines of an import, and what a ledger holds after them."""

import io
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, text

import unbet
from tests.making import PROVIDER
from unbet.cli.import_lines import Line, Lines

AnswerContext = dict[str, Any]


def deposit(reference: str, amount: str = "10.00", user: str = "alice") -> AnswerContext:
    return {"op": "deposit", "user": user, "currency": "EUR"} | {
        "amount": amount,
        "reference": reference,
    }


def bet(reference: str, amount: str = "1.00", user: str = "alice") -> AnswerContext:
    return deposit(reference, amount, user) | {"op": "bet", "provider": PROVIDER}


def settle(reference: str, win: str = "2.00", **more: str) -> AnswerContext:
    return {"op": "settle", "provider": PROVIDER, "reference": reference, "win": win, **more}


def withdraw(reference: str, amount: str = "3.00", user: str = "alice") -> AnswerContext:
    return deposit(reference, amount, user) | {"op": "withdraw"}


def end(reference: str, op: str = "complete_withdrawal") -> AnswerContext:
    return {"op": op, "reference": reference}


def correct(
    reference: str, amount: str = "1.00", user: str = "alice", direction: str = "debit"
) -> AnswerContext:
    more = {"op": "correct", "direction": direction, "reason": "counted wrongly", "by": "ann"}
    return deposit(reference, amount, user) | more


def convert(reference: str, amount: str = "1.00", user: str = "alice") -> AnswerContext:
    return deposit(reference, amount, user) | {"op": "convert_bonus"}


def freeze(user: str = "alice", op: str = "freeze") -> AnswerContext:
    return {"op": op, "user": user}


def as_bytes(said: Iterable[AnswerContext]) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in said)


def parsed(said: Iterable[AnswerContext]) -> Iterable[Line]:
    return Lines(io.BytesIO(as_bytes(said)))


@contextmanager
def connected(database_url: str) -> Iterator[Engine]:
    url = database_url
    engine = unbet.connect_to(url, name="test")
    try:
        yield engine
    finally:
        engine.dispose()


def state_of(database_url: str) -> dict[str, list[tuple[Any, ...]]]:
    """The ledger without ids and times: what two ways to the same end must agree on."""
    queries = {
        "accounts": "SELECT owner, currency, kind, balance FROM unbet_ledger.accounts",
        "players": "SELECT user_id, frozen_at IS NOT NULL FROM unbet_ledger.players",
        "bets": """
            SELECT provider, reference, state, user_id, amount, refusal FROM unbet_ledger.bets
        """,
        "wins": "SELECT provider, reference, bet_reference, amount, refusal FROM unbet_ledger.wins",
        "deposits": "SELECT reference, user_id, currency, kind, amount FROM unbet_ledger.deposits",
        "operations": """
            SELECT kind, reference, user_id, currency, balance_type, amount, reason, made_by,
                   refusal
              FROM unbet_ledger.operations
              LEFT JOIN unbet_ledger.refused_operations USING (kind, reference)
        """,
        "withdrawal_ends": "SELECT reference, kind FROM unbet_ledger.withdrawal_ends",
        "histories": """
            SELECT owner, currency, kind,
                   array_agg((amount, balance_after)::text ORDER BY transfer_id)
              FROM unbet_ledger.entries JOIN unbet_ledger.accounts ON accounts.id = account_id
             WHERE balance IS NOT NULL
             GROUP BY owner, currency, kind
        """,
    }
    with connected(database_url) as engine, engine.connect() as connection:
        return {
            name: sorted(map(tuple, connection.execute(text(query))))
            for name, query in queries.items()
        }
