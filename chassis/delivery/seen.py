"""How far each subject of each producer was read: what tells new events from old, for ever."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, text

from chassis.delivery.envelope import Event

Pair = tuple[str, str]
"""A subject of a producer: (source, subject)."""
Place = tuple[int, int]
"""A place among the events of a pair: (epoch, seq)."""


class Overtaken(RuntimeError):
    """Another process marked one of the batch's subjects first: this transaction rolls back and reads again."""


def lock(tx: Connection, pairs: Sequence[Pair]) -> dict[Pair, Place]:
    """How far each pair was read; the rows stay locked, so that two processes never fold one subject at once.

    A pair never heard of is absent.
    """
    if not pairs:
        return {}
    rows = tx.execute(
        text("""
            select seen.source, seen.subject, seen.epoch, seen.last_seq
            from unnest(cast(:sources as text[]), cast(:subjects as text[])) as p (source, subject)
            join seen using (source, subject)
            order by seen.source, seen.subject
            for update of seen
        """),
        {"sources": [s for s, _ in pairs], "subjects": [s for _, s in pairs]},
    )
    return {(source, subject): (epoch, seq) for source, subject, epoch, seq in rows}


def lock_for(tx: Connection, events: Sequence[Event]) -> Mapping[Pair, Place]:
    """As `lock`, for the pairs of these events; (0, 0) where none was read before."""
    pairs = sorted({event.pair for event in events})
    return dict.fromkeys(pairs, (0, 0)) | lock(tx, pairs)


def mark(tx: Connection, events: Sequence[Event]) -> None:
    """These events, in order, are read. Raises Overtaken."""
    last = {event.pair: event.place for event in events}
    if not last:
        return
    pairs = sorted(last)
    marked = tx.execute(
        text("""
            insert into seen (source, subject, epoch, last_seq)
            select * from unnest(
                cast(:sources as text[]), cast(:subjects as text[]), cast(:epochs as int[]), cast(:seqs as bigint[]))
            on conflict (source, subject) do update set epoch = excluded.epoch, last_seq = excluded.last_seq
            where (seen.epoch, seen.last_seq) < (excluded.epoch, excluded.last_seq)
        """),
        {
            "sources": [s for s, _ in pairs],
            "subjects": [s for _, s in pairs],
            "epochs": [last[pair][0] for pair in pairs],
            "seqs": [last[pair][1] for pair in pairs],
        },
    )
    if marked.rowcount != len(pairs):
        raise Overtaken
