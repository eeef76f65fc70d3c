"""The claim: due clocks are fired, and all that follows is written, in one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a look at the clocks found. `caught_up`: every event published until a moment ago is committed here."""

    now: datetime
    caught_up: bool
    due: bool


# What lies ahead was written by a clock that has been set back since, and says nothing of now.
_CAUGHT_UP = "caught_up_at > now - interval '2 seconds' and caught_up_at < now + interval '2 minutes'"
# `clock_now()` costs as much as the rest of a look, so it is asked once.
LOOK = text(f"""
    with present as materialized (select clock_now() as now)
    select now, {_CAUGHT_UP},
           exists (select from clocks where next_at >= :floor and next_at <= now)
    from present, progress
""")


def look(tx: Connection, floor: datetime | None) -> Outlook:
    """Whether any clock at or above `floor` is due: one index entry read, however many are armed."""
    return Outlook(*tx.execute(LOOK, {"floor": floor or "-infinity"}).one())


@dataclass(frozen=True, slots=True)
class FiredBatch:
    """What one claim fired: how many clocks, the last of them by due time, each one's lateness in seconds."""

    clocks: int
    last: datetime | None
    lateness: Sequence[float]
    fired: Mapping[str, int]


def fire(tx: Connection, floor: datetime | None, batch: int) -> FiredBatch:
    """Fires up to `batch` due clocks and writes all that follows in one statement, so that it happens once or not
    at all whoever else is claiming."""
    return FiredBatch(*tx.execute(FIRE, {"floor": floor or "-infinity", "batch": batch}).one())


# Joined, since json_build_object takes twice as long; only the two values that come from people need escaping.
_VIEW = """
    '{"number":"' || number || '","unit":' || coalesce(to_json(unit)::text, 'null')
    || ',"unit_name":' || coalesce(to_json(unit_name)::text, 'null')
    || ',"complexity":' || coalesce('"' || complexity || '"', 'null')
    || ',"restricted":' || restricted || ',"silent"\\:false,"mark":"' || mark || '","at":"' || moment(%s)
"""
_CLOCK_BODY = (
    _VIEW % "at"
    + """
    || '","kind":"' || kind || '","gen":' || gen || ',"status":"' || stage || '","started_at":"' || moment(started_at)
    || '","warn_at":"' || moment(warn_at) || '","due":"' || moment(due) || '","rule":"' || rule
    || '","rule_version":' || rule_version || ',"letter_after":' || letter_after || '}'
"""
)
_MARK_BODY = _VIEW % "latest" + """ || '","previous":"' || previous || '","reason":"' || reason || '"}' """

# What `judge` says of a case that is open and watched, as every case with a due clock is; a test compares the two.
MARK = "greatest(risk_mark, time_mark_now)"
REASON = """case when risk_mark = time_mark_now then 'both'
                    when risk_mark > time_mark_now then 'risk' else 'time' end"""

# due       locks the due clocks with their cases; what others hold is left to them, and a case whose first event aside
#           is still tried again waits; those behind a parked one are not tried, and nothing waits for them
# turns     yellow and red of each clock whose time has come
# recorded  the key of firings lets each happen once for a gen
# told      each turn with its number among the case's events, yellow first, and what becomes of the case's time mark
# shown     with the case's mark, the worse of risk and time; the last turn of a case stands for the case
FIRE = text(f"""
    with present as materialized (select clock_now() as now),
    due as materialized (
        select c.number, c.kind, c.gen, c.rule, c.rule_version, c.started_at, c.warn_at, c.due, c.letter_after,
               c.warned_at, c.resumed_at, c.next_at, c.due <= (select now from present) as is_red,
               k.version, k.unit, k.unit_name, k.complexity, k.restricted, k.risk_mark, k.time_mark, k.mark
        from clocks c join cases k using (number)
        where c.next_at >= :floor and c.next_at <= (select now from present)
          and exists (select from progress, present where {_CAUGHT_UP})
          and c.number <> all (array(
              select a.subject from aside a where a.parked_at is null and not exists (
                  select from aside b where b.source = a.source and b.subject = a.subject and b.id < a.id)))
        order by c.next_at limit :batch
        for update of c, k skip locked
    ),
    turns as (
        select number, kind, gen, 'warned' as stage, greatest(warn_at, resumed_at) as at
        from due where warned_at is null
        union all
        select number, kind, gen, 'breached', greatest(due, resumed_at) from due where is_red
    ),
    recorded as (
        insert into firings (number, kind, gen, stage, at, fired_at, silent)
        select number, kind, gen, stage, at, (select now from present), false from turns
        on conflict do nothing
        returning number, kind, stage, at
    ),
    told as (
        select d.*, r.stage, r.at, row_number() over in_order as n, count(*) over of_case as turned,
               max(r.at) over of_case as latest,
               max(greatest(d.time_mark, case r.stage when 'breached' then mark 'red' else 'yellow' end)) over of_case
                   as time_mark_now
        from recorded r join due d using (number, kind)
        window of_case as (partition by number), in_order as (partition by number order by r.at, kind, r.stage desc)
    ),
    shown as materialized (
        select number, kind, gen, rule, rule_version, started_at, warn_at, due, letter_after,
               unit, unit_name, complexity, restricted, stage, at, latest, version + n as seq, n = turned as is_last,
               mark as previous, time_mark_now as time_mark, {MARK} as mark,
               {REASON} as reason
        from told
    ),
    moved as (
        update clocks c set
            status = case when d.is_red then 'breached' else 'warned' end,
            warned_at = coalesce(d.warned_at, greatest(d.warn_at, d.resumed_at)),
            breached_at = case when d.is_red then greatest(d.due, d.resumed_at) end,
            next_at = case when not d.is_red then d.due end
        from due d where c.number = d.number and c.kind = d.kind
    ),
    kept as (
        update cases k set
            version = s.seq + (s.mark <> s.previous)::int, time_mark = s.time_mark, mark = s.mark, reason = s.reason
        from shown s where k.number = s.number and s.is_last
    ),
    published as (
        insert into outbox (type, subject, seq, epoch, partitionkey, restricted, time, body)
        select e.type, e.number, e.seq, (select epoch from producer), e.number, e.restricted, (select now from present),
               e.body
        from (
            select 'clock.' || stage as type, number, seq, restricted, {_CLOCK_BODY} as body from shown
            union all
            select 'case.marked', number, seq + 1, restricted, {_MARK_BODY}
            from shown where is_last and mark <> previous
        ) e
        order by e.number, e.seq
    )
    select count(*), max(next_at),
           coalesce(array_agg(date_part('epoch', (select now from present) - next_at)), '{{}}'),
           coalesce((select jsonb_object_agg(kind || '.' || stage, n) from (
               select kind, stage, count(*) as n from recorded group by 1, 2) f), '{{}}')
    from due
""")


def mark_caught_up(tx: Connection, as_of: datetime) -> None:
    """Everything published before `as_of` is committed here: clocks may fire for the next two seconds."""
    tx.execute(text("update progress set caught_up_at = :as_of"), {"as_of": as_of})
