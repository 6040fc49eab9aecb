"""The audit: every promise about money that can be read from the ledger's rows, on all of them."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import Connection, text

MAX_ROWS: Final = 100
"""Rows that are shown of each violation unless more are asked for: to see what it is about."""

_TABLES: Final = (
    *("transfers", "entries", "accounts", "bets", "wins", "deposits"),
    *("operations", "withdrawal_ends", "cancelled_rounds"),
)

_HEADING: Final = re.compile(r"^-- check (\w+): (.+)$", re.MULTILINE)
_READ: Final = re.compile(r"\b(?:FROM|JOIN) unbet_ledger\.(\w+)")


@dataclass(frozen=True)
class Check:
    """A statement about the ledger, and the query for the rows that break it."""

    name: str
    meaning: str
    query: str

    def rows(self, counts: Mapping[str, int]) -> int:
        """How many it reads of tables of that many rows; one that it names twice counts twice."""
        return sum(counts.get(name, 0) for name in _READ.findall(self.query))


class Step(NamedTuple):
    """How far an audit has come."""

    doing: str
    """The check, or the table that is counted."""
    number: int
    """Of the check, from 1; 0 while rows are counted."""
    rows: int
    """Read before it."""
    total: int | None
    """Rows that all checks together read; None until they are counted."""


@dataclass(frozen=True)
class Violation:
    """A check that does not hold."""

    check: str
    meaning: str
    count: int
    rows: tuple[Mapping[str, object], ...]
    """As many of the `count` rows as were asked for."""


@dataclass(frozen=True)
class Report:
    """What an audit found."""

    checked: Mapping[str, int]
    """Rows read, by table."""
    violations: tuple[Violation, ...]

    @property
    def ok(self) -> bool:
        return not self.violations


def _read_checks() -> tuple[Check, ...]:
    _, *parts = _HEADING.split(Path(__file__).with_suffix(".sql").read_text("utf-8"))
    return tuple(
        Check(name, meaning, query.strip())
        for name, meaning, query in zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    )


CHECKS: Final = _read_checks()


def audit(
    connection: Connection,
    say: Callable[[Step], object] = lambda _: None,
    *,
    most_rows: int = MAX_ROWS,
) -> Report:
    """Check the whole ledger while it is at work: everything is read from one snapshot.

    Of each violation at most `most_rows` rows are told. `say` is told each step before it is taken,
    and the end. The transaction must not have run a statement before. Use an engine with
    `SCAN_SETTINGS`.
    """
    connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
    # Every row is read, so to look one up for each of another table is never right; where the
    # server's statistics are older than the day's cancels it would compare each with each.
    connection.execute(text("SET LOCAL enable_nestloop = off"))
    checked = {}
    for table in _TABLES:
        say(Step(f"counting {table}", 0, 0, None))
        query = text(f"SELECT count(*) FROM unbet_ledger.{table}")  # noqa: S608 - ours
        checked[table] = int(connection.execute(query).scalar_one())
    return Report(checked, tuple(_violations(connection, checked, say, most_rows)))


def _violations(
    connection: Connection,
    counts: Mapping[str, int],
    say: Callable[[Step], object],
    most_rows: int,
) -> Iterator[Violation]:
    read, total = 0, sum(check.rows(counts) for check in CHECKS)
    for number, check in enumerate(CHECKS, 1):
        say(Step(check.name, number, read, total))
        violation = _violation(connection, check, most_rows)
        if violation is not None:
            yield violation
        read += check.rows(counts)
    say(Step(CHECKS[-1].name, len(CHECKS), read, total))


def _violation(connection: Connection, check: Check, most_rows: int) -> Violation | None:
    query = f"""
        SELECT *, count(*) OVER () AS violations
          FROM ({check.query}) AS violation
         LIMIT :most
    """  # noqa: S608 - ours
    found = connection.execute(text(query), {"most": most_rows})
    rows = [dict(row) for row in found.mappings()]
    if not rows:
        return None
    counts = [row.pop("violations") for row in rows]
    return Violation(check.name, check.meaning, int(counts[0]), tuple(rows))
