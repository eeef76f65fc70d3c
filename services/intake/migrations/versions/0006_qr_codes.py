"""QR codes on walls and counters, and what came of them."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("""
        create table qr_codes (
            token text primary key,     -- opaque; stands in the printed address
            community text,             -- null: the street
            place text not null,        -- put into the form, where it can be changed
            label text not null,        -- what the centre calls it
            created_at timestamptz not null,
            revoked_at timestamptz,
            scans bigint not null default 0,
            starts bigint not null default 0,
            submissions bigint not null default 0
        )""")
