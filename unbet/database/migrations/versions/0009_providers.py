"""What the requests and answers of other providers say.

No table is written anew; the index on the batches of requests reads that table once.
"""

from unbet.database.migrations.steps import execute_sql_beside

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    execute_sql_beside(__file__)
