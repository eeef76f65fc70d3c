"""What signals read: when the database was backed up, and the cases closed today."""

from alembic import op

from chassis import migrations

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    migrations.apply(op, "0004_backups")
    op.execute("create index cases_closed on cases (closed_at) where state = 'closed'")
