"""Who passed an event over is kept beside why."""

from alembic import op

from chassis import migrations

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    migrations.apply(op, "0003_skipped_by")
