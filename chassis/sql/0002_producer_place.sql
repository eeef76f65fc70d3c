-- Where a producer gave its numbers out, so that every way of setting a database back is noticed: another cluster, another
-- timeline, another database of the same cluster, and a dump loaded into the very database it came from. That last one
-- changes nothing but who wrote the row, so the row knows the transaction that wrote it.
alter table producer add column database oid, add column written xid8;
update producer set
    written = pg_current_xact_id(),
    database = (select oid from pg_database where datname = current_database());

-- Every time `restored` was run. Intake leaves out the case numbers that may have been given in what was lost.
create table restores (
    epoch integer primary key, -- the epoch that began then
    at timestamptz not null default clock_now()
);

create function producer_is_here() returns boolean language sql stable as $$
    select coalesce(p.system_identifier = s.system_identifier and p.timeline = c.timeline_id
        and p.database = d.oid and p.written::xid = p.xmin, false)
    from producer p, pg_control_system() s, pg_control_checkpoint() c, pg_database d
    where d.datname = current_database()
$$;
