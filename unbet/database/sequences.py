"""Sequences that are behind their tables, after a restore or a copy: each number that they give is
taken, until they have passed the table's largest."""

from typing import Final, NamedTuple

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


class Lagging(NamedTuple):
    """A sequence whose next number is taken."""

    table: str
    name: str
    last: int
    largest: int

    def __str__(self) -> str:
        return (
            f"the sequence {self.name} is at {self.last}, its table {self.table} at "
            f"{self.largest}, as after a restore or a copy: no row could be added. Run: "
            f"SELECT setval('{self.name}', {self.largest});"
        )


def lagging(connection: Connection) -> list[Lagging]:
    """The ledger's sequences that are behind their tables, as far as the login may look."""
    found = []
    for table in TABLES:
        name = connection.execute(_READABLE, {"name": table}).scalar()
        if name is None:
            continue
        largest = connection.execute(text(f"SELECT max(id) FROM {table}")).scalar()  # noqa: S608
        row = connection.execute(text(f"SELECT last_value, is_called FROM {name}")).one()  # noqa: S608
        last = row.last_value if row.is_called else row.last_value - 1
        if largest is not None and last < largest:
            found.append(Lagging(table, name, last, largest))
    return found
