"""What was parked and is decided by now, and an index for those who look for a request by its uuid.

The statements stand in `0003_parkings.sql`, in the order in which they are read.
"""

from unbet.database.migrations.steps import execute_sql_beside, refuse_downgrade

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    execute_sql_beside(__file__)


downgrade = refuse_downgrade
