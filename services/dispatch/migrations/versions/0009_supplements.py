"""What residents add to their letters, beside the case: no step of a case pays for it."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("""
        create table supplements (
            number text not null,       -- no reference: an operator may skip the letter's event and not this one
            seq integer not null,       -- of intake's event
            at timestamptz not null,    -- in the key, because a restored intake counts some numbers again
            text text not null,         -- masked by intake; empty where only files came
            media integer not null,     -- how many files came with it
            primary key (number, seq, at)
        )""")
