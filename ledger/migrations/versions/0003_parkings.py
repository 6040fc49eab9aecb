"""What was parked and is decided by now, and an index for those who look for a request by its uuid.

The statements stand in `0003_parkings.sql`, in the order in which they are read.
"""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Straight to the driver: SQLAlchemy would read the % of a message as a parameter.
    cursor = op.get_bind().connection.cursor()
    cursor.execute(Path(__file__).with_suffix(".sql").read_text("utf-8"))


def downgrade() -> None:
    raise NotImplementedError("money is not migrated backwards: restore a backup")
