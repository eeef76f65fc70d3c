"""What residents do after the letter: take it back, add to it, rate it; and their other letters of these days."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("alter table cases add column withdrawn_at timestamptz, add column withdrawal_asked_at timestamptz")
    op.execute("alter table cases drop constraint cases_state_check")
    op.execute("""
        alter table cases add constraint cases_state_check
            check (state in ('submitted', 'accepted', 'refused', 'withdrawn'))""")
    op.execute("""
        create table supplements (
            id bigint generated always as identity primary key,
            number text not null references cases,
            at timestamptz not null,
            text text not null,         -- as written; leaves only masked, in case.supplemented
            media integer not null      -- files that came with it
        )""")
    op.execute("create index supplements_by_case on supplements (number)")
    op.execute("""
        create table ratings (
            number text not null references cases,
            round integer not null,     -- the pass of the case that is rated
            grade text not null,
            comment text not null,      -- as written; leaves only masked, in case.rated
            at timestamptz not null,
            primary key (number, round)
        )""")
    # With the number, which bears the day: the newest letters of one telephone are the end of a range.
    op.execute("""
        create index identities_by_telephone on identities (mobile_index, number) where mobile_index is not null""")
    op.execute("drop index identities_by_mobile")
