"""${message}"""

from unbet.database.migrations.steps import execute_sql_beside, refuse_downgrade

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    execute_sql_beside(__file__)


downgrade = refuse_downgrade
