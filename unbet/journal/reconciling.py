"""Compares a provider's own list of cancels with the ledger, or with what another wallet has told.
The list is a temporary table of the session; nothing else is written."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import psycopg
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from unbet.core.outcomes import BINDS_NOTHING, Outcome
from unbet.journal.exporting import ROWS_AT_ONCE

CANCELLED: Final = (Outcome.REVERSED, Outcome.NO_BET, Outcome.BET_REFUSED)
"""After these the bet holds no stake, and never will."""

_STREAMED: Final = {"yield_per": ROWS_AT_ONCE}

_TABLE: Final = text("""
    CREATE TEMPORARY TABLE statement (line bigint PRIMARY KEY, provider text COLLATE "C",
                                   reference text COLLATE "C", user_id text, currency text,
                                   uuid text, code bigint, cancelled_at text, expected text[])
""")
_COPY: Final = "COPY pg_temp.statement FROM STDIN"
_INDEX: Final = text("CREATE INDEX ON pg_temp.statement (reference, lower(provider))")
_ANALYZE: Final = text("ANALYZE pg_temp.statement")

_RECONCILE: Final = text(Path(__file__).with_name("reconcile.sql").read_text("utf-8"))
_CANCELLED_IN: Final = text("""
    SELECT 'extra', outcome, NULL, provider, reference, NULL, NULL, NULL, NULL, NULL,
           state, outcome, user_id, currency, cancelled_at
      FROM (
               SELECT provider, reference, state, outcome, user_id, currency, cancelled_at, id
                 FROM unbet_ledger.bets
                WHERE cancelled_at >= :since AND cancelled_at < :until
                UNION ALL
               -- By another wallet, of whose decisions on a bet the first one counts.
               SELECT provider, reference, NULL, outcome, user_id, currency, decided_at, NULL
                 FROM unbet.requests AS told
                WHERE wallet IS NOT NULL AND NOT of_round
                  AND decided_at >= :since AND decided_at < :until
                  AND NOT EXISTS (SELECT
                                    FROM unbet.requests AS before
                                   WHERE before.reference = told.reference
                                     AND before.provider = told.provider
                                     AND before.wallet IS NOT NULL AND NOT before.of_round
                                     AND before.outcome = ANY (CAST(:cancelled AS text[]))
                                     AND (before.decided_at, before.request_id)
                                         < (told.decided_at, told.request_id))
           ) AS cancelled
     WHERE outcome = ANY (CAST(:cancelled AS text[]))
       AND lower(provider) = ANY (ARRAY (SELECT lower(provider) FROM pg_temp.statement
                                          UNION
                                         SELECT lower(CAST(:provider AS text) COLLATE "C")
                                          WHERE NOT EXISTS (SELECT FROM pg_temp.statement)))
       AND NOT EXISTS (SELECT
                         FROM pg_temp.statement
                        WHERE statement.reference = cancelled.reference
                          AND lower(statement.provider) = lower(cancelled.provider))
     ORDER BY cancelled_at, id, reference
""")
_REPEATED: Final = text("""
    SELECT 'repeated', (array_agg(provider ORDER BY line))[1], reference, min(line) AS first_line,
           count(*)
      FROM pg_temp.statement
     GROUP BY reference, lower(provider)
    HAVING count(*) > 1
     ORDER BY first_line
""")


class StatementLine(NamedTuple):
    """A cancel as the provider has it in its list."""

    line: int
    provider: str
    """In any case: that says nothing (PROTOCOL, "The call")."""
    reference: str
    user_id: str | None
    currency: str | None
    uuid: str | None
    code: int | None
    cancelled_at: str | None
    """ISO 8601."""
    expected: Sequence[Outcome]
    """What our outcome must be one of, for the line to be right."""


class Difference(NamedTuple):
    """One cancel about which list and ledger do not agree."""

    kind: str
    """`missing`: no cancel of it is known; `differing`: something else is; `extra`: it is cancelled
    here and the list has it not."""
    reason: str
    """`unknown`; `player`, `currency`; `told_success`: though the bet is not cancelled; `outcome`:
    it is not what the list says; `closed`: a person has closed it; `parked`, `dead`: not decided.
    Of an extra one its outcome."""
    line: int | None
    """Of the list, as what follows is."""
    provider: str
    reference: str
    user: str | None
    currency: str | None
    uuid: str | None
    code: int | None
    cancelled_at: str | None
    our_state: str | None
    """The bet's, if it is in the ledger; `our_…` is what the ledger has, or another wallet told."""
    our_outcome: str | None
    our_user: str | None
    our_currency: str | None
    our_cancelled_at: datetime | None


class Repeated(NamedTuple):
    """A reference that is in the list more than once."""

    kind: str
    """`repeated`."""
    provider: str
    reference: str
    first_line: int
    times: int


def take(connection: Connection, lines: Iterable[StatementLine]) -> int:
    """Put the list into a table that lives as long as the session; how many lines it has."""
    connection.execute(_TABLE)
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)  # noqa: S101 - `engine.py` makes no other
    try:
        with driver.cursor() as cursor:
            with cursor.copy(_COPY) as copy:
                for line in lines:
                    copy.write_row((*line[:-1], [*line.expected]))
            count = cursor.rowcount
    except psycopg.Error as error:
        raise DBAPIError.instance(None, None, error, psycopg.Error) from error
    connection.execute(_INDEX)
    connection.execute(_ANALYZE)
    return count


def differences(connection: Connection) -> Iterator[Difference]:
    """Those of the list that the ledger does not bear out, in the list's order, as a stream."""
    values = {"cancelled": [*CANCELLED], "binds_nothing": [*BINDS_NOTHING]}
    for row in connection.execute(_RECONCILE, values, execution_options=_STREAMED):
        yield Difference(*row)


def extra(
    connection: Connection, since: datetime, until: datetime, provider: str
) -> Iterator[Difference]:
    """What was cancelled at `since` <= time < `until` at the list's providers, or at `provider` if
    the list is empty, and is not in it: in the order of time, as a stream."""
    values = {"since": since, "until": until, "provider": provider, "cancelled": [*CANCELLED]}
    for row in connection.execute(_CANCELLED_IN, values, execution_options=_STREAMED):
        yield Difference(*row)


def repeated(connection: Connection) -> Iterator[Repeated]:
    """In the order of their first lines, as a stream."""
    for row in connection.execute(_REPEATED, execution_options=_STREAMED):
        yield Repeated(*row)
