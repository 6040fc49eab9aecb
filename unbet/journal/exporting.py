"""Reads the outcomes of a period as a stream."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, text

from unbet.core.outcomes import BINDS_NOTHING
from unbet.database.engine import SCAN_SETTINGS

STREAM_LIMITS: Final = SCAN_SETTINGS | {
    # Whoever reads the output may pause; for ever would keep the tables from being vacuumed.
    "idle_in_transaction_session_timeout": "10min",
    # Row by row by indexes, which is how the first rows come soon and memory stays small.
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
"""Session settings for the engine that a stream is read on."""

ROWS_AT_ONCE: Final = 1000

_EXPORT: Final = text(Path(__file__).with_name("export.sql").read_text("utf-8"))


class Exported(NamedTuple):
    """What a cancel was told, and what it gave back."""

    cancelled_at: datetime
    provider: str
    reference: str
    user: str | None
    currency: str | None
    """Both are None where there is no bet, and its cancel did not say them."""
    stake: Decimal | None
    """None for a tombstone. It, the state and what was returned are None also where another wallet
    than the ledger has the bet: only that one knows."""
    state: str | None
    outcome: str
    returned_cash: Decimal | None
    returned_bonus: Decimal | None
    reversal_id: int | None
    request_id: UUID
    """Ours, of the cancel that was decided first."""
    uuid: str | None
    """The provider's, of the same cancel; None if its record has been removed, or it was closed."""
    wallet: str | None
    """Which wallet has decided it; None if a person has closed it."""
    wallet_ref: str | None
    """The wallet's own name for what it has booked, if it is not the ledger."""
    cash: Decimal | None
    """The player's, right after the decision; None also where the wallet does not tell it."""
    replayed: bool | None
    """Whether the wallet had decided it before; None for the ledger, or if it does not say."""
    found_late: str | None
    """What the wallet said at last of a bet that came after its cancel; None if there is none."""
    batch: UUID | None
    """Of a cancel whose request asked for several bets: the same for all of them."""


def export(
    connection: Connection, since: datetime, until: datetime, provider: str | None = None
) -> Iterator[Exported]:
    """The outcomes of `since` <= time < `until` in the order of time, of all providers or of one.

    Memory does not grow with their number. Use an engine with `STREAM_LIMITS`.
    """
    values = {
        "since": since,
        "until": until,
        "provider": provider,
        "binds_nothing": [*BINDS_NOTHING],
    }
    streamed = {"yield_per": ROWS_AT_ONCE}
    for row in connection.execute(_EXPORT, values, execution_options=streamed):
        yield Exported(*row)
