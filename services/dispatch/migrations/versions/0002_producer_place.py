"""A producer notices every way its database may have been set back."""

from alembic import op

from chassis import migrations

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    migrations.apply(op, "0002_producer_place")
