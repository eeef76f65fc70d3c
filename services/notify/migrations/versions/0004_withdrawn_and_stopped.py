"""What is known of a case that was withdrawn, and of clocks that were stopped."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        alter table cases
            add column withdrawal jsonb, -- of intake before acceptance, of dispatch after
            add column stops jsonb not null default '[]'; -- sla's part
    """)
