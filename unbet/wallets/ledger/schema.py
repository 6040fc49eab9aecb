"""The ledger's tables for SQLAlchemy. `unbet/database/migrations/` says what each is for."""

from typing import Final

from sqlalchemy import BigInteger, Column, Identity, Numeric, Table, Uuid

from unbet.journal.schema import KEY, MOMENT
from unbet.journal.schema import metadata as metadata

SCHEMA: Final = "unbet_ledger"

MONEY = Numeric(38, 18)
"""20 digits before the point, 18 after it (PROTOCOL, "The call")."""

players = Table(
    "players",
    metadata,
    Column("user_id", KEY, primary_key=True),
    Column("frozen_at", MOMENT),
    schema=SCHEMA,
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("owner", KEY, nullable=False),
    Column("currency", KEY, nullable=False),
    Column("kind", KEY, nullable=False),
    Column("balance", MONEY),
    schema=SCHEMA,
)

bets = Table(
    "bets",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("provider", KEY, nullable=False),
    Column("reference", KEY, nullable=False),
    Column("state", KEY, nullable=False),
    Column("user_id", KEY, nullable=False),
    Column("currency", KEY, nullable=False),
    Column("amount", MONEY),
    Column("refusal", KEY),
    Column("created_at", MOMENT, nullable=False),
    Column("outcome", KEY),
    Column("cancelled_at", MOMENT),
    Column("cancel_request_id", Uuid),
    Column("reversal_id", BigInteger),
    Column("cash_after", MONEY),
    schema=SCHEMA,
)

late_bets = Table(
    "late_bets",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("provider", KEY, nullable=False),
    Column("reference", KEY, nullable=False),
    Column("user_id", KEY, nullable=False),
    Column("currency", KEY, nullable=False),
    Column("amount", MONEY, nullable=False),
    Column("refused_at", MOMENT, nullable=False),
    schema=SCHEMA,
)

transfers = Table(
    "transfers",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("kind", KEY, nullable=False),
    Column("bet_id", BigInteger),
    Column("created_at", MOMENT, nullable=False),
    schema=SCHEMA,
)

entries = Table(
    "entries",
    metadata,
    Column("transfer_id", BigInteger, primary_key=True),
    Column("account_id", BigInteger, primary_key=True),
    Column("amount", MONEY, nullable=False),
    Column("balance_after", MONEY),
    schema=SCHEMA,
)

deposits = Table(
    "deposits",
    metadata,
    Column("reference", KEY, primary_key=True),
    Column("user_id", KEY, nullable=False),
    Column("currency", KEY, nullable=False),
    Column("kind", KEY, nullable=False),
    Column("amount", MONEY, nullable=False),
    Column("transfer_id", BigInteger, nullable=False),
    Column("created_at", MOMENT, nullable=False),
    schema=SCHEMA,
)

wins = Table(
    "wins",
    metadata,
    Column("provider", KEY, primary_key=True),
    Column("reference", KEY, primary_key=True),
    Column("bet_reference", KEY, nullable=False),
    Column("amount", MONEY, nullable=False),
    Column("refusal", KEY),
    Column("transfer_id", BigInteger),
    Column("created_at", MOMENT, nullable=False),
    schema=SCHEMA,
)
