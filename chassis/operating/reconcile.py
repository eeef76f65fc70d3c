"""A producer's log against what a reader has seen: who lacks which subjects' newest events, and who lost its end.

Databases are never joined. The producer writes its newest bound event of every subject as JSON lines, sorted; the
reader walks its own `seen` beside them. Both stream, so memory does not grow with the number of subjects.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, text

from chassis.database import Database
from chassis.delivery.envelope import source_of
from chassis.delivery.topology import Topology
from chassis.operating import sections
from chassis.operating.comparison import Comparison, Difference

BATCH = 1000

# What routing_key() makes of a row.
KEY = """
    case when restricted then 'restricted.' else '' end || type || case version when 1 then '' else '.v' || version end
"""
NEWEST = text(f"""
    select subject, max(array[cast(epoch as bigint), seq]) as place, min(published_at) as since
    from event_log where {KEY} = any(cast(:keys as text[]))
    group by subject order by subject collate "C"
""")
SEEN = text("""
    select subject, epoch, last_seq,
           exists (select 1 from aside a where a.source = seen.source and a.subject = seen.subject) as aside
    from seen where source = :source order by subject collate "C"
""")
# Whether nothing was dropped from the log yet: then it must know every subject that was ever read.
WHOLE = text("""
    select coalesce((select min(position) = 1 from event_log), (select not is_called from event_log_position_seq))
""")


def bindings(topology: Topology, producer: str) -> dict[str, list[str]]:
    """The routing keys by which each other service of ours reads the producer."""
    exchange = f"{producer}.events"
    return {
        queue.removesuffix(".inbox"): [k for k in topology.bindings[queue][exchange] if not k.startswith("to.")]
        for queue in topology.queues_of(producer)
        if exchange in topology.bindings[queue]
    }


STREAMED = {"stream_results": True, "yield_per": BATCH}
"""Through a server-side cursor, so that a large answer never lies in memory."""


def patiently(tx: Connection) -> None:
    """The transaction may work for minutes, and wait for a pipe."""
    tx.execute(text("set local statement_timeout = '30min'"))
    tx.execute(text("set local idle_in_transaction_session_timeout = 0"))


def newest(database: Database, topology: Topology, street: str, producer: str, only: str = "") -> Iterator[str]:
    """The producer's side, one JSON line at a time: for each reader a heading, its subjects in order, and an end."""
    for reader, keys in bindings(topology, producer).items():
        if only in ("", reader):
            yield from _newest_for(database, source_of(street, producer), producer, reader, keys)


def _newest_for(database: Database, source: str, producer: str, reader: str, keys: list[str]) -> Iterator[str]:
    with database.transaction() as tx:
        patiently(tx)
        heading = {"producer": producer, "source": source, "reader": reader, "whole": tx.execute(WHOLE).scalar_one()}
        found = tx.execute(NEWEST, {"keys": keys}, execution_options=STREAMED)
        rows = (
            {"subject": row.subject, "place": row.place, "since": f"{row.since:%Y-%m-%dT%H:%M:%SZ}"} for row in found
        )
        yield from sections.written(heading, rows)


def compare(database: Database, reader: str, lines: Iterable[str]) -> list[Comparison]:
    """The reader's side: one comparison for each producer that speaks to `reader` in `lines`. Raises Unreadable."""
    return [_compared(database, heading, rows) for heading, rows in sections.read(lines, reader)]


def _compared(database: Database, heading: Mapping[str, Any], rows: Iterator[dict[str, Any]]) -> Comparison:
    result = Comparison(heading["producer"], heading["reader"])
    with database.transaction() as tx:
        patiently(tx)
        seen = iter(tx.execute(SEEN, {"source": heading["source"]}, execution_options=STREAMED))
        here = next(seen, None)
        for row in rows:
            while here and here.subject < row["subject"]:
                _only_here(result, here, heading["whole"])
                here = next(seen, None)
            known = here if here and here.subject == row["subject"] else None
            _judge(result, row, known)
            here = next(seen, None) if known else here
        while here:
            _only_here(result, here, heading["whole"])
            here = next(seen, None)
    return result


def _judge(result: Comparison, row: Mapping[str, Any], known: Any) -> None:
    log, here = tuple(row["place"]), (known.epoch, known.last_seq) if known else None
    result.subjects += 1
    result.aside += bool(known and known.aside)
    if here is None:
        result.add(Difference("missing", row["subject"], log, None, row["since"]))
    elif here < log:
        result.add(Difference("behind", row["subject"], log, here, row["since"]))
    elif here > log:
        result.add(Difference("ahead", row["subject"], log, here))


def _only_here(result: Comparison, known: Any, whole: bool) -> None:
    if whole:
        result.subjects += 1
        result.add(Difference("ahead", known.subject, None, (known.epoch, known.last_seq)))
    else:
        result.older += 1
