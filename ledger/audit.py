"""The audit: every promise about money that can be read from the ledger's rows, on all of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, text

LIMITS: Final = {
    "statement_timeout": "0",  # a check of a large ledger takes minutes
    "lock_timeout": "0",  # it reads only, so it waits for nothing but a migration
    # The settings of `engine.py` suit groups of some rows; here every row is read.
    "plan_cache_mode": "auto",
    "enable_seqscan": "on",
    "enable_mergejoin": "on",
    "work_mem": "64MB",
}
"""Session settings for the engine that an audit runs on."""

MOST_ROWS: Final = 100
"""Rows that are shown of each violation: enough to see what it is about."""

_TABLES: Final = ("transfers", "entries", "accounts", "bets", "wins", "deposits")

_HEADING: Final = re.compile(r"^-- check (\w+): (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Check:
    """A statement about the ledger, and the query for the rows that break it."""

    name: str
    meaning: str
    query: str


@dataclass(frozen=True)
class Violation:
    """A check that does not hold."""

    check: str
    meaning: str
    count: int
    rows: tuple[Mapping[str, object], ...]
    """The first `MOST_ROWS` of the `count` rows."""


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


def audit(connection: Connection) -> Report:
    """Check the whole ledger while it is at work: everything is read from one snapshot.

    The transaction must not have run a statement before; use an engine with `LIMITS`.
    """
    connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
    checked = {table: _count(connection, table) for table in _TABLES}
    found = (_violation(connection, check) for check in CHECKS)
    return Report(checked, tuple(violation for violation in found if violation is not None))


def _count(connection: Connection, table: str) -> int:
    return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608


def _violation(connection: Connection, check: Check) -> Violation | None:
    query = f"""
        SELECT *, count(*) OVER () AS violations
          FROM ({check.query}) AS violation
         LIMIT {MOST_ROWS}
    """  # noqa: S608 - both are ours
    rows = [dict(row) for row in connection.execute(text(query)).mappings()]
    if not rows:
        return None
    counts = [row.pop("violations") for row in rows]
    return Violation(check.name, check.meaning, int(counts[0]), tuple(rows))
