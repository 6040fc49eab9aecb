"""The journal's tables for SQLAlchemy. `unbet/database/migrations/` says what each is for."""

from typing import Final

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

SCHEMA: Final = "unbet"

metadata = MetaData()

KEY = Text(collation="C")
MOMENT = DateTime(timezone=True)

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
    schema=SCHEMA,
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
    schema=SCHEMA,
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
    schema=SCHEMA,
)

parking_history = Table(
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
    schema=SCHEMA,
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
    schema=SCHEMA,
)

deployment = Table(
    "deployment",
    metadata,
    Column("number", BigInteger, Identity(always=True), primary_key=True),
    Column("id", Uuid, nullable=False),
    Column("origin", Text),
    Column("recorded_at", MOMENT, nullable=False),
    Column("recorded_by", Text, nullable=False),
    schema=SCHEMA,
)
