"""What the journal keeps of a wallet that is not the built-in ledger: what it has been asked, what
it has told, and which references are watched for a bet that comes late.

No row is read or written: columns are added without a value, and tables without rows.
"""

from unbet.database.migrations.steps import execute_sql_beside

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    execute_sql_beside(__file__)
