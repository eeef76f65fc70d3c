"""A case that was withdrawn, merged into another, or reopened."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute(r"""
        alter table cases
            add column withdrawn_at timestamptz, -- intake's part: before it was accepted
            add column round integer not null default 1, -- dispatch's part, as the two below
            add column reopened_at timestamptz,
            add column stops timestamptz[] not null default '{}'; -- each time withdrawn, or merged into another
        alter table clocks add column stopped_at timestamptz;
    """)
