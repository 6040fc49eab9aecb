"""A ledger as revision 0003 left it, filled and with its roles, and what is in one."""

from pathlib import Path
from typing import Final

from sqlalchemy import Engine, text

FILLED: Final = Path(__file__).with_name("revision_0003.sql")
LEDGER: Final = (
    "players",
    "accounts",
    "bets",
    "late_bets",
    "transfers",
    "entries",
    "deposits",
    "wins",
)
JOURNAL: Final = ("requests", "answers", "parked", "parkings", "interventions")

Rows = dict[str, list[str]]


def rows_in(engine: Engine, *, ledger: str, journal: str) -> Rows:
    """Every row of every table, with the names of its columns that have a value; all are of bets,
    none of a round."""
    with engine.connect() as connection:
        return {
            table: sorted(
                connection.execute(
                    text(f"""
                        SELECT (jsonb_strip_nulls(to_jsonb(t)) - 'of_round')::text
                          FROM {schema}.{table} AS t
                    """)
                ).scalars()
            )
            for schema, tables in ((ledger, LEDGER), (journal, JOURNAL))
            for table in tables
        }
