"""Cases, who wrote them, what the resident is shown, and the counts that keep guessers out."""

from alembic import op

from chassis import migrations

revision = "0001"
down_revision = None


def upgrade() -> None:
    migrations.apply(op)
    op.execute("""
        create table cases (
            number text primary key,
            channel text not null,
            kind text not null,
            identity text not null,     -- named, withheld (units see no identity), anonymous
            community text,
            place text not null,
            description text not null,  -- as written; leaves only masked, in case.submitted
            alarm jsonb,                -- {calls, words, rules} when emergency words were found
            state text not null check (state in ('submitted', 'accepted', 'refused')),
            submitted_at timestamptz not null,
            accepted_at timestamptz,
            refused_at timestamptz,
            reason text,
            external_id text unique,    -- an imported case's own number: importing a file twice adds nothing
            imported jsonb,
            version integer not null,   -- events published so far = seq of the last one
            revision integer not null   -- rises with every change; If-Match
        )""")
    # The desk's list, one state or all, in pages of (submitted_at, number).
    op.execute("create index cases_by_state on cases (state, submitted_at, number)")
    op.execute("create index cases_by_time on cases (submitted_at, number)")
    op.execute("""
        create table identities (
            number text primary key references cases,
            sealed bytea not null,      -- name, mobile, query code under a key of the case's own
            mobile_index bytea,         -- keyed hash: finds letters of the same telephone
            code_index bytea not null   -- keyed hash: a query code is compared without opening the identity
        )""")
    op.execute("create index identities_by_mobile on identities (mobile_index) where mobile_index is not null")
    op.execute("""
        create table progress (
            number text primary key,    -- no reference: an event may come before a restored case does
            handling jsonb,             -- dispatch's part
            promise jsonb               -- sla's part
        )""")
    op.execute("""
        create table number_blocks (
            day date primary key,       -- in Asia/Shanghai
            taken integer not null      -- serials handed out to processes so far
        )""")
    op.execute("""
        create table tallies (
            key bytea primary key,      -- keyed hash of an address, or of an address and a case
            count integer not null,
            until timestamptz not null
        )""")
    op.execute("create index tallies_by_end on tallies (until)")
    op.execute("""
        create table access_log (
            id bigint generated always as identity primary key,
            at timestamptz not null,
            number text not null,
            who text not null,          -- token subject, or the service that asked
            why text not null,
            what text[] not null        -- names of the fields given out, never their values
        )""")
    op.execute("create index access_log_by_case on access_log (number, at)")
