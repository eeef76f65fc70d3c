"""When the database was backed up is kept in it, so that its age is a signal."""

from alembic import op

from chassis import migrations

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    migrations.apply(op, "0004_backups")
