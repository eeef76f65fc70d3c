"""What signals read: when the database was backed up, and the letters that wait for somebody."""

from alembic import op

from chassis import migrations

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    with op.get_context().autocommit_block():  # beside the service's work, and first: what is tried again begins here
        op.execute("drop index concurrently if exists letters_open")
        op.execute(
            "create index concurrently letters_open on letters (state) where state in ('proposed', 'signed', 'issued')"
        )
    migrations.apply(op, "0004_backups")
