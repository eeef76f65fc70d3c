"""When the database was backed up is kept in it, so that its age is a signal."""

from alembic import op

from chassis import migrations

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    migrations.apply(op, "0004_backups")
