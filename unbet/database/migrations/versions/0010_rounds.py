"""Cancels of rounds: all bets of a round, and those to come.

No table but that of parked cancels is written anew; the index on the rounds of bets reads that
table once.
"""

from unbet.database.migrations.steps import execute_sql_beside

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    execute_sql_beside(__file__)
