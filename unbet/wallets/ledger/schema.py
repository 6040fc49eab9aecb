"""The ledger's tables for SQLAlchemy; what each is for stands in `migrations/versions/`."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Integer,
    MetaData,
    Numeric,
    Table,
    Text,
    Uuid,
)

metadata = MetaData()

MONEY = Numeric(38, 18)
"""20 digits before the point, 18 after it (PROTOCOL, "The call")."""

KEY = Text(collation="C")
MOMENT = DateTime(timezone=True)

players = Table(
    "players",
    metadata,
    Column("user_id", KEY, primary_key=True),
    Column("frozen_at", MOMENT),
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("owner", KEY, nullable=False),
    Column("currency", KEY, nullable=False),
    Column("kind", KEY, nullable=False),
    Column("balance", MONEY),
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
)

transfers = Table(
    "transfers",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("kind", KEY, nullable=False),
    Column("bet_id", BigInteger),
    Column("created_at", MOMENT, nullable=False),
)

entries = Table(
    "entries",
    metadata,
    Column("transfer_id", BigInteger, primary_key=True),
    Column("account_id", BigInteger, primary_key=True),
    Column("amount", MONEY, nullable=False),
    Column("balance_after", MONEY),
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
)

requests = Table(
    "requests",
    metadata,
    Column("request_id", Uuid, primary_key=True),
    Column("provider", KEY, nullable=False),
    Column("reference", KEY, nullable=False),
    Column("user_id", KEY, nullable=False),
    Column("currency", KEY, nullable=False),
    Column("uuid", KEY, nullable=False),
    Column("dialect", KEY, nullable=False),
    Column("received_at", MOMENT, nullable=False),
    Column("received_from", KEY, nullable=False),
    Column("body", Text, nullable=False),
    Column("outcome", KEY, nullable=False),
    Column("decided_at", MOMENT, nullable=False),
)

answers = Table(
    "answers",
    metadata,
    Column("request_id", Uuid, primary_key=True),
    Column("shared_request_id", Uuid),
    Column("uuid", KEY, nullable=False),
    Column("received_at", MOMENT, nullable=False),
    Column("received_from", KEY, nullable=False),
    Column("outcome", KEY),
    Column("code", Integer, nullable=False),
    Column("seconds", Numeric(9, 6), nullable=False),
    Column("answered_at", MOMENT, nullable=False),
)

parked = Table(
    "parked",
    metadata,
    Column("request_id", Uuid, primary_key=True),
    Column("provider", KEY, nullable=False),
    Column("reference", KEY, nullable=False),
    Column("cancel", Text, nullable=False),
    Column("state", KEY, nullable=False),
    Column("reason", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("last_error", Text),
    Column("parked_at", MOMENT, nullable=False),
    Column("next_try_at", MOMENT, nullable=False),
)

parkings = Table(
    "parkings",
    metadata,
    Column("request_id", Uuid, primary_key=True),
    Column("provider", KEY, nullable=False),
    Column("reference", KEY, nullable=False),
    Column("reason", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("last_error", Text),
    Column("parked_at", MOMENT, nullable=False),
    Column("decided_at", MOMENT, nullable=False),
)

interventions = Table(
    "interventions",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("request_id", Uuid, nullable=False),
    Column("provider", KEY, nullable=False),
    Column("reference", KEY, nullable=False),
    Column("action", KEY, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", MOMENT, nullable=False),
    Column("reason", Text),
)

deployment = Table(
    "deployment",
    metadata,
    Column("number", BigInteger, Identity(always=True), primary_key=True),
    Column("id", Uuid, nullable=False),
    Column("origin", Text),
    Column("recorded_at", MOMENT, nullable=False),
    Column("recorded_by", Text, nullable=False),
)
