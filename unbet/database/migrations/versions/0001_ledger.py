"""The ledger's tables, and the rules that the database itself keeps."""

from unbet.database.migrations.steps import execute_sql_beside

revision = "0001"
down_revision = None


def upgrade() -> None:
    execute_sql_beside(__file__)
