"""${message}"""

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Say here what the change is for."""


def downgrade() -> None:
    raise NotImplementedError("money is not migrated backwards: restore a backup")
