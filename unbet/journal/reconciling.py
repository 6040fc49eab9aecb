"""A provider's own list of cancels against the ledger. Reads only."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import Connection, text

from unbet.core.outcomes import Outcome
from unbet.database.rows import as_json
from unbet.journal.exporting import ROWS_AT_ONCE

CANCELLED: Final = (Outcome.REVERSED, Outcome.NO_BET, Outcome.BET_REFUSED)
"""After these the bet holds no stake, and never will."""

_RECONCILE: Final = text(Path(__file__).with_name("reconcile.sql").read_text("utf-8"))
_CANCELLED_IN: Final = text("""
    SELECT cancelled_at, provider, reference, user_id, currency, state, outcome
      FROM unbet_ledger.bets
     WHERE cancelled_at >= :since AND cancelled_at < :until
       AND outcome = ANY (CAST(:cancelled AS text[]))
       AND lower(provider) IN (SELECT lower(named COLLATE "C")
                                 FROM unnest(CAST(:providers AS text[])) AS named)
     ORDER BY cancelled_at, id
""")


class Claim(NamedTuple):
    """A cancel as the provider has it in its list."""

    line: int
    provider: str
    """In any case: that says nothing (PROTOCOL, "The call")."""
    reference: str
    user_id: str | None
    currency: str | None
    expected: Sequence[Outcome]
    """What our outcome must be one of, for the claim to be right."""


class Finding(NamedTuple):
    """A claim that the ledger does not bear out."""

    line: int
    kind: str
    """`missing`: no cancel of it is known; `differing`: something else is."""
    reason: str
    """`unknown`; `player`, `currency`; `told_success`: though the bet is not cancelled; `outcome`:
    it is not what the claim says; `closed`: a person has closed it; `parked`, `dead`: not
    decided."""
    state: str | None
    """The bet's, and what follows too; None if there is neither bet nor tombstone."""
    outcome: str | None
    user_id: str | None
    currency: str | None


class Cancelled(NamedTuple):
    """A cancelled bet or a tombstone."""

    cancelled_at: datetime
    provider: str
    reference: str
    user_id: str
    currency: str
    state: str
    outcome: str


def reconcile(connection: Connection, claims: Sequence[Claim]) -> list[Finding]:
    """Those of `claims` that the ledger does not bear out, in one query."""
    values = {"claims": as_json(claim._asdict() for claim in claims), "cancelled": [*CANCELLED]}
    return [Finding(*row) for row in connection.execute(_RECONCILE, values)]


def cancelled_in(
    connection: Connection, since: datetime, until: datetime, providers: Collection[str]
) -> Iterator[Cancelled]:
    """What was cancelled at `since` <= time < `until`, as a stream."""
    values = {
        "since": since,
        "until": until,
        "providers": [*providers],
        "cancelled": [*CANCELLED],
    }
    streamed = {"yield_per": ROWS_AT_ONCE}
    for row in connection.execute(_CANCELLED_IN, values, execution_options=streamed):
        yield Cancelled(*row)
