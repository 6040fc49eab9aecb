"""Nothing of ours in `public`: the journal and the money each have a schema of their own.

No row is read or written: the tables are renamed.
"""

from unbet.database.migrations.steps import execute_sql_beside

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    execute_sql_beside(__file__)
