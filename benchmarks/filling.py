"""Fills the ledger with bets, tens of thousands a second, so that its audit stays clean, and makes
their cancels as the receiver hands them on."""

import json
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count, cycle, islice
from pathlib import Path
from typing import Final, NamedTuple
from uuid import uuid4

import uuid_utils.compat
from sqlalchemy import Engine, text

import unbet
from unbet import connect_to
from unbet.core.message import Cancel
from unbet.database.engine import SCAN_SETTINGS

PROVIDER: Final = "LuckyMonaco"
CURRENCY: Final = "EUR"
STAKE: Final = Decimal(10)
PLAYERS: Final = 1000
CHUNK: Final = 50_000
"""Bets placed in one transaction."""

MACHINES: Final = 5
PER_SECOND: Final = 300
"""Bets that the provider's machines take together; references of one second are not in order."""

References = Iterator[str]

_DEPOSIT: Final = Decimal(10**12)
_PLACE: Final = text(Path(__file__).with_name("place.sql").read_text("utf-8"))
_OPEN_HOUSE: Final = text("""
    INSERT INTO unbet_ledger.accounts (owner, currency, kind) VALUES (:provider, :currency, 'house')
        ON CONFLICT DO NOTHING
""")
_LOCK: Final = text("""
    SELECT id FROM unbet_ledger.accounts
     WHERE owner = ANY (CAST(:user_ids AS text[])) AND currency = :currency AND kind = 'cash'
     ORDER BY id
       FOR NO KEY UPDATE
""")


class Bet(NamedTuple):
    """A bet that is placed, or about to be."""

    reference: str
    user_id: str


def references(begin_s: float | None = None) -> References:
    """As a provider makes them, like Mongo's ObjectIds: 4 bytes of seconds since 1970, from
    `begin_s` or now on, 5 bytes that tell the machine, 3 bytes of its counter. Nearly ascending,
    since the machines take turns at random. No two are equal."""
    begin = int(time.time() if begin_s is None else begin_s)
    machines = [(secrets.randbits(40), count(secrets.randbits(24))) for _ in range(MACHINES)]
    for made in count():
        machine, counter = machines[secrets.randbelow(MACHINES)]
        yield f"{begin + made // PER_SECOND:08x}{machine:010x}{next(counter) % (1 << 24):06x}"


def bulk_engine(database_url: str) -> Engine:
    """An engine for work on all of a ledger, without the limits that suit groups."""
    limits = SCAN_SETTINGS | {"enable_nestloop": "off", "idle_in_transaction_session_timeout": "0"}
    return connect_to(database_url, name="benchmark", pool_size=2, limits=limits)


def players(count: int = PLAYERS) -> list[str]:
    """The ids of `count` players."""
    return [f"player-{number:06d}" for number in range(count)]


def open_accounts(engine: Engine, user_ids: Sequence[str]) -> None:
    """Give each player money enough for any number of bets; repeated, it changes nothing."""
    with engine.begin() as connection:
        connection.execute(_OPEN_HOUSE, {"provider": PROVIDER, "currency": CURRENCY})
        deposits = [
            unbet.Deposit(
                user_id=user, currency=CURRENCY, amount=_DEPOSIT, reference=f"benchmark {user}"
            )
            for user in user_ids
        ]
        unbet.deposit_all(connection, deposits)


def new_bets(references: References, number: int, user_ids: Sequence[str]) -> list[Bet]:
    """`number` bets that are not placed yet, of the players in turn."""
    return [Bet(*new) for new in zip(islice(references, number), cycle(user_ids), strict=False)]


def place(engine: Engine, bets: Sequence[Bet]) -> None:
    """Place `bets` in this order, each with `STAKE` from its player's cash, and commit by chunks.

    The players' accounts must be open, the references new.
    """
    remaining = iter(bets)
    while chunk := list(islice(remaining, CHUNK)):
        user_ids = [bet.user_id for bet in chunk]
        with engine.begin() as connection:
            connection.execute(_LOCK, {"user_ids": sorted({*user_ids}), "currency": CURRENCY})
            values = {
                "references": [bet.reference for bet in chunk],
                "user_ids": user_ids,
                "provider": PROVIDER,
                "currency": CURRENCY,
                "stake": STAKE,
            }
            placed = connection.execute(_PLACE, values).scalar_one()
            if placed != len(chunk):
                raise ValueError(f"{len(chunk) - placed} bets are of players without an account")


def fill(engine: Engine, at_least: int, say: Callable[[int], None]) -> int:
    """Place older bets until the ledger holds `at_least`; returns how many it holds then.

    `say` is told how many there are, again and again. What was added is vacuumed, analysed and
    written down, so that none of that falls into a measurement.
    """
    user_ids = players()
    open_accounts(engine, user_ids)
    with engine.connect() as connection:
        there = int(connection.execute(text("SELECT count(*) FROM unbet_ledger.bets")).scalar_one())
    missing = at_least - there
    if missing <= 0:
        return there
    older = references(time.time() - missing / PER_SECOND)
    while there < at_least:
        bets = new_bets(older, min(CHUNK, at_least - there), user_ids)
        place(engine, bets)
        there += len(bets)
        say(there)
    settle_down(engine)
    return there


def settle_down(engine: Engine) -> None:
    """`VACUUM ANALYZE` and a checkpoint."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    write_down(engine)


def write_down(engine: Engine) -> None:
    """A checkpoint: what was changed before is not written during a measurement."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CHECKPOINT"))


def cancel_of(bet: Bet) -> Cancel:
    """A provider's Cancel of `bet`, received now."""
    fields = {
        "providerId": PROVIDER,
        "userId": bet.user_id,
        "sessionId": uuid4().hex,
        "currency": CURRENCY,
        "gameId": "Im_60_tumblefortune",
        "gameName": "tumblefortune",
        "reference": bet.reference,
        "uuid": uuid4().hex,
    }
    return Cancel(
        request_id=uuid_utils.compat.uuid7(),
        received_at=datetime.now(UTC),
        received_from="127.0.0.1",
        provider=PROVIDER,
        dialect="lucky-monaco-v4",
        reference=bet.reference,
        player=bet.user_id,
        currency=CURRENCY,
        uuid=fields["uuid"],
        body=json.dumps(fields),
    )
