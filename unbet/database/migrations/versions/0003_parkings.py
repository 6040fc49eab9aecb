"""What was parked and is decided by now, and an index for whoever looks for a request's uuid."""

from unbet.database.migrations.steps import execute_sql_beside

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    execute_sql_beside(__file__)
