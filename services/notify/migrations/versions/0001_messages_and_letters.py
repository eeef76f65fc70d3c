"""Messages, the SMS that carry them, warning letters and their numbers."""

from alembic import op

from chassis import migrations

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    migrations.apply(op)
    op.execute("""
        -- What is known of a case, the part of each source apart (services/notify/case.py).
        create table cases (
            number text primary key,
            intake jsonb,
            dispatch jsonb not null default '{}',
            sla jsonb not null default '{}',
            restricted_by text[] not null default '{}',
            letter_due timestamptz -- when a letter must be proposed that is not due yet
        ) with (fillfactor = 70);
        create index cases_letter_due on cases (letter_due) where letter_due is not null; -- the timer's question

        create table units (code text primary key, name text not null, active boolean not null);
        -- Duty contacts of staff; recipient as messages name it: C07/head.
        create table posts (
            recipient text primary key,
            unit text not null,
            name text not null,
            mobile text not null
        );
        create index posts_unit on posts (unit); -- replaced whole when the unit changes

        -- One physical SMS; its id is the key the gateway is given. Neither text nor number is kept.
        create table sms (
            id uuid primary key,
            gateway text not null,
            audience text not null,
            -- claimed: the gateway may have it · sent, failed: it said so · released: surely not taken, its messages
            -- wait again · held: only a person can find out
            state text not null,
            attempt integer not null default 1,
            parts integer not null,
            lease_until timestamptz not null, -- after this, whoever claimed it is taken for dead
            claimed_at timestamptz not null,
            ended_at timestamptz,
            reason text
        ) with (fillfactor = 70);
        create index sms_lease on sms (lease_until) where state = 'claimed'; -- what must be looked up

        create table messages (
            id uuid primary key,
            case_number text not null,
            event text not null,
            seq bigint not null,
            template text not null,
            audience text not null,
            recipient text not null,
            params jsonb not null, -- never the rendered text
            recorded_at timestamptz not null,
            useful_until timestamptz,
            restricted boolean not null default false,
            state text not null default 'pending', -- services/notify/message.py
            attempts integer not null default 0,
            next_try timestamptz not null,
            ordered boolean not null default false, -- a person asked for it: age is no reason to skip
            sms uuid references sms (id),
            reason text,
            version integer not null default 0,
            planned_at timestamptz not null,
            ended_at timestamptz,
            unique (case_number, event, recipient)
        ) with (fillfactor = 60);
        create index messages_to_residents on messages (next_try) where state = 'pending' and audience = 'resident';
        create index messages_to_units on messages (next_try) where state = 'pending' and audience = 'unit';
        create index messages_sms on messages (sms) where sms is not null; -- what an SMS carries
        create index messages_held on messages (recorded_at) where state = 'held'; -- for a person

        -- When a telephone of staff last got an SMS.
        create table windows (mobile text primary key, opened_at timestamptz not null);

        create table letters (
            id uuid primary key,
            case_number text not null,
            kind text not null,
            gen integer not null,
            unit text not null,
            unit_name text not null,
            complexity text not null,
            started_at timestamptz not null,
            due timestamptz not null,
            breached_at timestamptz not null,
            restricted boolean not null,
            state text not null, -- services/notify/letter.py
            version integer not null,
            revision integer not null,
            scopes text[] not null,
            proposed_at timestamptz not null,
            number text unique,
            signed_by text,
            signed_at timestamptz,
            content jsonb, -- all that is printed, fixed when signed, so that the same paper can be made again
            print_after timestamptz, -- taken by a printer until then
            issued_at timestamptz,
            sha256 text,
            acknowledged_at timestamptz,
            voided_at timestamptz,
            cause text,
            reason text,
            unique (case_number, kind, gen)
        );
        create index letters_newest on letters (proposed_at desc, id); -- the list
        create index letters_to_print on letters (print_after) where state = 'signed';

        -- The last number given out; its row stays locked until the signature commits, so there are no holes.
        create table letter_numbers (
            code text not null,
            year integer not null,
            last integer not null,
            primary key (code, year)
        );
    """)
