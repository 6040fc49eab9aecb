"""Sequences that are behind their tables, after a restore or a copy: each number that they give is
taken, until they have passed the table's largest."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, text

TABLES: Final = (
    "unbet_ledger.accounts",
    "unbet_ledger.bets",
    "unbet_ledger.late_bets",
    "unbet_ledger.transfers",
    "unbet.interventions",
)
"""Those whose `id` comes from a sequence."""

# The rows are read before the sequence: a number that is given meanwhile can only put it ahead.
_READABLE: Final = text("""
    SELECT pg_get_serial_sequence(name, 'id') AS sequence
      FROM CAST(:name AS text) AS name
     WHERE has_column_privilege(name, 'id', 'SELECT')
       AND has_sequence_privilege(pg_get_serial_sequence(name, 'id'), 'SELECT')
""")


def lagging(connection: Connection) -> Iterator[str]:
    """A sentence for each sequence of the ledger that is behind its table, as far as the login may
    look."""
    for table in TABLES:
        name = connection.execute(_READABLE, {"name": table}).scalar()
        if name is None:
            continue
        largest = connection.execute(text(f"SELECT max(id) FROM {table}")).scalar()  # noqa: S608
        row = connection.execute(text(f"SELECT last_value, is_called FROM {name}")).one()  # noqa: S608
        last = row.last_value if row.is_called else row.last_value - 1
        if largest is not None and last < largest:
            yield (
                f"the sequence {name} is at {last}, its table {table} at {largest}, as after a "
                "restore or a copy: no row could be added. Run: "
                f"SELECT setval('{name}', {largest});"
            )
