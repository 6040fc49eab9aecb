"""Closing a cancel is a decision like any other; it stands in the row of its bet."""

from unbet.database.migrations.steps import execute_sql_beside

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    execute_sql_beside(__file__)
