"""The ledger's tables, and the rules that the database itself keeps.

The statements stand in `0001_ledger.sql`, in the order in which they are read.
"""

from unbet.database.migrations.steps import execute_sql_beside, refuse_downgrade

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    execute_sql_beside(__file__)


downgrade = refuse_downgrade
