"""The organisation, the duty list, cases and what was done with each."""

from alembic import op

from chassis.migrations import apply

revision = "0001"
down_revision = None


def upgrade() -> None:
    apply(op)
    op.execute("""
        create table editions (
            name text primary key,      -- organisation, duties
            id uuid not null,           -- another one after every change: the key of what processes remember
            version text not null,      -- as the file calls it
            words jsonb not null        -- of duties: the words that raise a flag
        )""")
    op.execute("""
        insert into editions (name, id, version, words)
        values ('organisation', gen_random_uuid(), '', '{}'), ('duties', gen_random_uuid(), '', '{}')""")
    op.execute("""
        create table units (
            code text primary key,
            name text not null unique,
            kind text not null check (kind in ('centre', 'community', 'office', 'rapid_team')),
            active boolean not null,    -- a closed unit keeps its cases and receives no new ones
            aliases text[] not null,    -- the words by which residents name it
            contacts jsonb not null,    -- post (duty, head, leader) to {name, mobile}: service telephones
            version integer not null    -- unit.changed events published so far
        )""")
    op.execute("""
        create table duties (
            code text primary key,
            category text not null,
            name text not null,
            keywords text[] not null,
            examples text[] not null,
            lead text not null,         -- a unit's code, or community: the community of the place
            helpers text[] not null,
            complexity text not null check (complexity in ('simple', 'complex')),
            priority boolean not null,
            sensitive boolean not null,
            legal_basis text not null,
            valid_from date not null,
            valid_to date,              -- excluded; an ended item stays readable
            position integer not null   -- order of the file, which decides between equal scores
        )""")
    op.execute("""
        create table cases (
            number text primary key,
            -- submitted and refused are intake's states: nobody sees them here
            state text not null check (state in
                ('submitted', 'refused', 'waiting', 'dispatched', 'acknowledged', 'handling', 'replied', 'closed')),
            version integer not null,   -- events published so far = seq of the last one
            revision integer not null,  -- rises with every change; If-Match
            scopes text[] not null,     -- who may see it
            channel text,               -- this and the next six: the letter, null until case.submitted came
            kind text,
            body text,                  -- masked by intake
            place text,
            community text,
            emergency boolean,
            submitted_at timestamptz,
            accepted_at timestamptz,
            imported jsonb,             -- a dispatch made before the import
            study jsonb,                -- what triage found, by which rule; null for imports
            unit text,                  -- no reference: an import may state a unit of former times
            unit_name text,
            helpers text[] not null,
            category text,
            complexity text check (complexity in ('simple', 'complex')),
            priority boolean not null,
            sensitive boolean not null,
            restricted boolean not null,
            about text[] not null,      -- units the letter complains about; they never see it
            dispatched_at timestamptz,
            acknowledged_at timestamptz,
            contacted_at timestamptz,
            promised_at timestamptz,
            replied_at timestamptz,     -- null again after a reply was sent back
            closed_at timestamptz,
            process text,
            reply text,
            outcome text,
            round integer not null
        ) with (fillfactor = 80)""")
    # The centre's queue and every other list by state, in pages of number; `unit` narrows it to one lead's.
    # A unit's own list filters these by scopes: one row in thirty is its own, so that an index on scopes would cost
    # every change more than it saves a reader.
    op.execute("create index cases_by_state on cases (state, number)")
    op.execute("create index cases_by_unit on cases (unit, number) where unit is not null")
    op.execute("""
        create table work_log (
            case_number text not null references cases,
            seq integer not null,       -- of the event that told it
            type text not null,
            at timestamptz not null,
            who text not null,          -- token subject, or rule, or import
            says jsonb not null,        -- in full; what leaves in events is masked
            primary key (case_number, seq)
        )""")
