"""What sla tells of each case, beside it: lists go by the time left."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("""
        create table standings (
            number text primary key,        -- no reference: sla may speak before intake's letter is here
            mark text not null check (mark in ('none', 'green', 'yellow', 'red')),
            clocks jsonb not null,          -- kind to {gen, status, due}, as sla told last
            close_due timestamptz,          -- the promised time
            next_due timestamptz not null,  -- the running limit that ends first; infinity where none runs
            next_kind text
        ) with (fillfactor = 80)""")
    op.execute("insert into standings select number, 'none', '{}', null, 'infinity', null from cases")
    # The desk, in pages of time left.
    op.execute("create index standings_by_time_left on standings (next_due, number)")
    # The few yellow and red among all.
    op.execute("create index standings_by_mark on standings (mark, next_due, number) where mark in ('yellow', 'red')")
    # A community's list and its count on the wall.
    op.execute("create index cases_by_community on cases (community, number) where community is not null")
