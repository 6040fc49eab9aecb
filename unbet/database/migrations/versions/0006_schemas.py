"""Nothing of ours in `public`: the journal and the money each have a schema of their own.

The statements stand in `0006_schemas.sql`. No row is read or written: the tables are renamed.
"""

from unbet.database.migrations.steps import execute_sql_beside, refuse_downgrade

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    execute_sql_beside(__file__)


downgrade = refuse_downgrade
