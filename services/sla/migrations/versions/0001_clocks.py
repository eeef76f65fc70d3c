"""Cases as sla sees them, their clocks, and what has fired."""

from alembic import op

from chassis.migrations import apply

revision = "0001"
down_revision = None


def upgrade() -> None:
    apply(op)
    op.execute(r"""
        -- In order of severity, so that greatest() is the worse of two; green never meets another mark in a claim.
        create type mark as enum ('none', 'green', 'yellow', 'red');

        -- Half of each page is kept free, so that a claim over cases of one day touches none of their indexes.
        create table cases (
            number text collate "C" primary key, -- compared byte by byte, which is all a number needs
            version bigint not null, -- events published about the case: the seq of the last one
            -- intake's part
            submitted_at timestamptz,
            accepted_at timestamptz,
            refused_at timestamptz,
            emergency boolean not null default false,
            stated_dispatched_at timestamptz, -- what an import said, which dispatch may not have recorded yet
            stated_contacted_at timestamptz,
            intake_imported_at timestamptz,
            -- dispatch's part
            state text not null,
            unit text,
            unit_name text,
            helpers text[] not null default '{}',
            complexity text,
            priority boolean not null default false,
            sensitive boolean not null default false,
            restricted boolean not null default false,
            dispatched_at timestamptz,
            contacted_at timestamptz,
            replied_at timestamptz,
            closed_at timestamptz,
            sent_back_at timestamptz,
            dispatch_imported_at timestamptz,
            -- what follows from both
            risk_mark mark not null,
            time_mark mark not null,
            mark mark not null,
            reason text not null,
            nearest text, -- the kind of the running clock that ends first
            due timestamptz not null default 'infinity', -- and when it ends
            scopes text[] not null
        ) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
        create index cases_time_left on cases (due, number); -- the list by time left
        create index cases_unit_time_left on cases (unit, due, number); -- a unit's own list

        create table clocks (
            number text collate "C" not null,
            kind text not null,
            gen integer not null,
            rule text not null,
            rule_version integer not null,
            started_at timestamptz not null,
            warn_at timestamptz not null,
            due timestamptz not null,
            letter_after integer not null, -- seconds
            status text not null,
            held boolean not null default false,
            warned_at timestamptz,
            breached_at timestamptz,
            retracted boolean not null default false,
            muted_at timestamptz,
            resumed_at timestamptz,
            met_at timestamptz,
            next_at timestamptz, -- when the claim has to look; null when nothing is to come
            primary key (number, kind)
        ) with (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
        create index clocks_next on clocks (next_at) where next_at is not null; -- the claim

        -- Every yellow and red there ever was. Its key is what makes each happen at most once for a gen.
        create table firings (
            number text collate "C" not null,
            kind text not null,
            gen integer not null,
            stage text not null check (stage in ('warned', 'breached')),
            at timestamptz not null, -- when it came by the clock
            fired_at timestamptz not null, -- when it was recorded
            silent boolean not null,
            retracted boolean not null default false,
            primary key (number, kind, gen, stage)
        );

        -- The last moment of which everything published before is known to be committed here.
        create table progress (
            one boolean primary key default true check (one),
            caught_up_at timestamptz not null default 'epoch'
        ) with (fillfactor = 10);
        insert into progress default values;

        -- A point in time as event schemas dump it: UTC, ISO 8601, microseconds only where there are any. Not declared
        -- immutable, or it would be called instead of being made part of the claim, which takes three times as long.
        create function moment(at timestamptz) returns text language sql stable as $$
            select to_char(at at time zone 'UTC', case when at = date_trunc('second', at)
                then 'YYYY-MM-DD"T"HH24:MI:SS"Z"' else 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"' end)
        $$;
    """)
