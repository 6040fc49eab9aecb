"""What people decide about parked cancels, and indexes for those who look for something."""

from unbet.database.migrations.steps import execute_sql_beside

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    execute_sql_beside(__file__)
