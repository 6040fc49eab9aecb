"""${message}"""

from unbet.database.migrations.steps import execute_sql_beside

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    execute_sql_beside(__file__)
