-- What every service's database holds besides its own tables: the clock, the way out (outbox, event_log)
-- and the way in (seen, aside, attempt). Applied by the service's first revision.

-- One row, zero in production: the only way tests move time. Production refuses to start on any other value.
create table clock_offset (
    one boolean primary key default true check (one),
    shift interval not null default '0'
);
insert into clock_offset default values;

-- STABLE, so that a predicate such as "due <= clock_now()" uses its index; clock_timestamp() would not.
create function clock_now() returns timestamptz language sql stable
    as $$ select now() + shift from clock_offset $$;

-- Who publishes from this database. The epoch rises when the database was restored (`restored`), so that numbers
-- given out again after the restore are told from those given out before it.
create table producer (
    one boolean primary key default true check (one),
    epoch integer not null default 1,
    system_identifier bigint not null,
    timeline integer not null
);
insert into producer (system_identifier, timeline)
    select s.system_identifier, c.timeline_id from pg_control_system() s, pg_control_checkpoint() c;

-- Events waiting for the broker, written in the transaction of the change they tell of.
create table outbox (
    id bigint generated always as identity primary key,
    event_id uuid not null default gen_random_uuid(),
    type text not null,
    version smallint not null default 1,
    subject text not null,
    seq bigint not null,
    epoch integer not null,
    partitionkey text not null,
    restricted boolean not null default false,
    time timestamptz not null default clock_now(),
    traceparent text,
    body text not null,
    -- refused by the broker when sent alone; the subject's later rows wait behind it
    held boolean not null default false,
    held_because text
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
create index outbox_held on outbox (subject, id) where held; -- the claim: nothing behind a held row

-- What was published, in commit order: the relay is its only writer. Kept 90 days, for replay.
create table event_log (
    position bigint generated always as identity,
    published_at timestamptz not null default now(),
    event_id uuid not null,
    type text not null,
    version smallint not null,
    subject text not null,
    seq bigint not null,
    epoch integer not null,
    partitionkey text not null,
    restricted boolean not null,
    time timestamptz not null,
    traceparent text,
    body text not null,
    primary key (published_at, position)
) partition by range (published_at);
create index event_log_position on event_log (position); -- replay reads on from a position
create index event_log_subject on event_log (subject, seq); -- an operator follows one subject
-- Should the weekly partitions ever run out, rows land here instead of stopping the relay.
create table event_log_rest partition of event_log default;

create function event_log_partitions(ahead integer) returns void language plpgsql as $$
declare
    monday timestamptz := date_trunc('week', now() at time zone 'UTC') at time zone 'UTC';
begin
    for week in 0..ahead loop
        execute format(
            'create table if not exists %I partition of event_log for values from (%L) to (%L)',
            'event_log_' || to_char((monday + week * interval '7 days') at time zone 'UTC', 'IYYY"w"IW'),
            monday + week * interval '7 days', monday + (week + 1) * interval '7 days');
    end loop;
end $$;
select event_log_partitions(4);

-- A whole partition goes once its last week is older than what is kept.
create function event_log_expire(keep interval) returns integer language plpgsql as $$
declare
    old record;
    dropped integer := 0;
begin
    for old in
        select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'event_log'::regclass and c.relname ~ '^event_log_\d{4}w\d{2}$'
          and to_date(right(c.relname, 7), 'IYYY"w"IW') + 7 < (now() - keep)::date
    loop
        execute format('drop table %I', old.relname);
        dropped := dropped + 1;
    end loop;
    return dropped;
end $$;

-- Queues this service's relay found missing: it publishes nothing until `replay --to` has filled them again.
create table halt (
    queue text primary key,
    since timestamptz not null default now()
);

-- How far each (producer, subject) was read: tells new from old for ever, one row a subject.
create table seen (
    source text not null,
    subject text not null,
    epoch integer not null,
    last_seq bigint not null,
    primary key (source, subject)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);

-- Events that failed, and those of the same subject behind them, in order of id.
create table aside (
    id bigint generated always as identity primary key,
    source text not null,
    subject text not null,
    epoch integer not null,
    seq bigint not null,
    type text not null,
    headers jsonb not null,
    body bytea not null,
    attempts integer not null default 0,
    next_try timestamptz not null default clock_now(),
    parked_at timestamptz, -- retries used up: waits for `aside replay` or `aside skip`
    error text not null,
    put_at timestamptz not null default clock_now()
);
create index aside_subject on aside (source, subject, id); -- is anything of this subject aside? which is first?
create index aside_due on aside (next_try) where parked_at is null; -- the replay timer

-- What an operator decided to pass over, and why.
create table skipped (like aside, reason text not null, skipped_at timestamptz not null default clock_now());

-- Committed before a redelivered event is tried, so that one which kills the process can't loop.
create table attempt (
    event_id text primary key,
    attempts integer not null
);

-- Idempotency-Key: which subject the first request made, and what it asked.
create table idempotency (
    scope text not null,
    key text not null,
    request_hash bytea not null,
    subject text,
    created_at timestamptz not null default clock_now(),
    primary key (scope, key)
);
create index idempotency_age on idempotency (created_at); -- forgotten after 48 h
