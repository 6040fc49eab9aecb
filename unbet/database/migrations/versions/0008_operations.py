"""Withdrawals, corrections and conversions of bonus: the rest of what happens to a player's money.

No row is read or written: the tables are new, and the changed constraints are not validated.
"""

from unbet.database.migrations.steps import execute_sql_beside

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    execute_sql_beside(__file__)
