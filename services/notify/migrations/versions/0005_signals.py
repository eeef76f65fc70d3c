"""What signals read: when the database was backed up, and the letters that wait for somebody."""

from alembic import op

from chassis import migrations

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    migrations.apply(op, "0004_backups")
    op.execute("create index letters_open on letters (state) where state in ('proposed', 'signed', 'issued')")
