"""A provider's whole list of cancels, on the disk: it may be longer than memory is large."""

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import UTC
from functools import cache
from typing import Final, NamedTuple

from unbet.cli.claims import Entry
from unbet.core.outcomes import Outcome
from unbet.dialects import DIALECTS
from unbet.journal.reconciling import CANCELLED, Claim

CLAIMS_AT_ONCE: Final = 2000

# NOCASE is about a to z, like `lower` in the ledger's queries.
_TABLE: Final = """
    CREATE TABLE claims (line INTEGER PRIMARY KEY, provider TEXT COLLATE NOCASE, reference TEXT,
                         user_id TEXT, currency TEXT, uuid TEXT, cancelled_at TEXT, code INTEGER,
                         outcome TEXT)
"""


class Claimed(NamedTuple):
    """A line of the list."""

    line: int
    provider: str
    reference: str
    user_id: str | None
    currency: str | None
    uuid: str | None
    cancelled_at: str | None
    """ISO 8601."""
    code: int | None
    outcome: Outcome | None


class Repeated(NamedTuple):
    """A reference that is in the list more than once."""

    provider: str
    reference: str
    first_line: int
    times: int


class ClaimedList:
    """The list, without a place in the file system; gone when it is closed."""

    def __init__(self, provider: str) -> None:
        """`provider` is of the lines that do not name one."""
        self._provider = provider
        self._database = sqlite3.connect("")  # a file of SQLite's own, which has no name
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute(_TABLE)

    def close(self) -> None:
        self._database.close()

    def fill(self, entries: Iterable[tuple[int, Entry]]) -> int:
        """Take the lines, once; how many they are."""
        rows = (_row(line, entry, self._provider) for line, entry in entries)
        taken = self._database.executemany(
            "INSERT INTO claims VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows
        )
        self._database.execute("CREATE INDEX keys ON claims (reference, provider)")
        return max(taken.rowcount, 0)

    def claims(self) -> Iterator[list[Claim]]:
        """All of them, `CLAIMS_AT_ONCE` at a time."""
        line = 0
        while rows := self._rows("line > ? ORDER BY line LIMIT ?", line, CLAIMS_AT_ONCE):
            yield [_claim(row) for row in rows]
            line = rows[-1].line

    def at(self, line: int) -> Claimed:
        (row,) = self._rows("line = ?", line)
        return row

    def providers(self) -> list[str]:
        """Whose list it is."""
        named = self._database.execute("SELECT DISTINCT provider FROM claims")
        return [name for (name,) in named] or [self._provider]

    def has(self, provider: str, reference: str) -> bool:
        return bool(self._rows("reference = ? AND provider = ? LIMIT 1", reference, provider))

    def repeated(self) -> Iterator[Repeated]:
        """In the order of their first lines."""
        rows = self._database.execute(
            """
            SELECT provider, reference, min(line) AS first_line, count(*)
              FROM claims
             GROUP BY reference, provider
            HAVING count(*) > 1
             ORDER BY first_line
            """
        )
        return (Repeated(*row) for row in rows)

    def _rows(self, condition: str, *values: object) -> list[Claimed]:
        query = f"SELECT * FROM claims WHERE {condition}"  # noqa: S608 - all are ours
        return [Claimed(*row) for row in self._database.execute(query, values)]


def _claim(row: Claimed) -> Claim:
    return Claim(
        line=row.line,
        provider=row.provider,
        reference=row.reference,
        user_id=row.user_id,
        currency=row.currency,
        expected=expected_of(row.code, row.outcome),
    )


@cache
def expected_of(code: int | None, outcome: Outcome | None) -> tuple[Outcome, ...]:
    """What became of a cancel that the provider says was answered so. Without an answer it says
    that the bet is cancelled."""
    if code is None:
        return CANCELLED if outcome is None else (Outcome(outcome),)
    meant = {
        meaning
        for dialect in DIALECTS.values()
        for meaning, answer in dialect.outcomes.items()
        if answer.code == code
    }
    return tuple(sorted(meant if outcome is None else meant & {Outcome(outcome)}))


def _row(line: int, entry: Entry, provider: str) -> tuple[object, ...]:
    moment = entry.cancelled_at
    if moment is not None and moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (
        line,
        entry.provider or provider,
        entry.reference,
        entry.user_id,
        entry.currency,
        entry.uuid,
        moment and moment.isoformat(),
        entry.code,
        entry.outcome,
    )
