"""The identity of the deployment that this database is of.

The statements stand in `0004_deployment.sql`, in the order in which they are read.
"""

from unbet.database.migrations.steps import execute_sql_beside, refuse_downgrade

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    execute_sql_beside(__file__)


downgrade = refuse_downgrade
