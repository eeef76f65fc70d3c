"""What may happen to a case off its ordinary way, and what a unit notes of its own work."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute("""
        alter table cases
            add column sent_at timestamptz,         -- to the present unit; dispatched_at stays the first unit's
            add column handed_back_at timestamptz,  -- since when it waits for a ruling
            add column handed_back_by text[] not null default '{}',
            add column reopened_at timestamptz,
            add column withdrawn_at timestamptz,
            add column merged_into text,
            add column followers text[] not null default '{}',      -- merged into this one, waiting for its answer
            add column handler text,                -- an officer inside the unit; in no event
            add column same_telephone text[] not null default '{}', -- other cases of those days, as intake found
            drop constraint cases_state_check,
            add constraint cases_state_check check (state in
                ('submitted', 'refused', 'waiting', 'dispatched', 'acknowledged', 'handed_back', 'handling', 'replied',
                 'closed', 'merged', 'withdrawn'))""")
    op.execute("update cases set sent_at = dispatched_at where dispatched_at is not null")
    op.execute("""
        create table work_entries (
            case_number text not null references cases,
            revision integer not null,  -- of the change that it was
            type text not null check (type in ('handler', 'work')),
            at timestamptz not null,
            who text not null,          -- token subject
            says jsonb not null,        -- in full; nothing of it leaves
            primary key (case_number, revision)
        )""")
