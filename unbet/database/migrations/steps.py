"""The common part of each revision: it executes the SQL file beside it, in the order in which that
is read. There is no way back: money is not migrated backwards, a backup is restored."""

from pathlib import Path

from alembic import op


def execute_sql_beside(revision: str) -> None:
    """Execute the statements that stand beside the file `revision`."""
    # Straight to the driver: SQLAlchemy would read the % of a message as a parameter.
    cursor = op.get_bind().connection.cursor()
    cursor.execute(Path(revision).with_suffix(".sql").read_text("utf-8"))
