"""What people decide about parked cancels, and indexes for those who look for something.

The statements stand in `0002_operating.sql`, in the order in which they are read.
"""

from unbet.database.migrations.steps import execute_sql_beside, refuse_downgrade

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    execute_sql_beside(__file__)


downgrade = refuse_downgrade
