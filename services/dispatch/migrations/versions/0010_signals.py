"""What signals read: when the database was backed up, and the cases closed today."""

from alembic import op

from chassis import migrations

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    with op.get_context().autocommit_block():  # beside the service's work, and first: what is tried again begins here
        op.execute("drop index concurrently if exists cases_closed")
        op.execute("create index concurrently cases_closed on cases (closed_at) where state = 'closed'")
    migrations.apply(op, "0004_backups")
