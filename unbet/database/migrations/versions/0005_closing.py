"""Closing a cancel is a decision like any other; it stands in the row of its bet.

The statements stand in `0005_closing.sql`, in the order in which they are read.
"""

from unbet.database.migrations.steps import execute_sql_beside, refuse_downgrade

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    execute_sql_beside(__file__)


downgrade = refuse_downgrade
