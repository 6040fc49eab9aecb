"""Reads the outcomes of a period as a stream."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, text

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
    user: str
    currency: str
    stake: Decimal | None
    """None for a tombstone."""
    state: str
    outcome: str
    returned_cash: Decimal
    returned_bonus: Decimal
    reversal_id: int | None
    request_id: UUID
    """Ours, of the cancel that was decided first."""
    uuid: str | None
    """The provider's, of the same cancel; None if its record has been removed, or it was closed."""


def export(
    connection: Connection, since: datetime, until: datetime, provider: str | None = None
) -> Iterator[Exported]:
    """The outcomes of `since` <= time < `until` in the order of time, of all providers or of one.

    Memory does not grow with their number. Use an engine with `STREAM_LIMITS`.
    """
    values = {"since": since, "until": until, "provider": provider}
    streamed = {"yield_per": ROWS_AT_ONCE}
    for row in connection.execute(_EXPORT, values, execution_options=streamed):
        yield Exported(*row)
