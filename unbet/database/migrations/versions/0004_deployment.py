"""The identity of the deployment that this database is of."""

from unbet.database.migrations.steps import execute_sql_beside

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    execute_sql_beside(__file__)
