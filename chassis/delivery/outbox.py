"""Events leave with the change they report: rows in `outbox`, written in the same transaction."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from chassis import clock
from chassis.delivery.envelope import Draft

LIMIT_BYTES = 64 * 1024

PUT = text("""
    insert into outbox (type, version, subject, seq, epoch, partitionkey, restricted, time, traceparent, body)
    select e.type, e.version, e.subject, e.seq, producer.epoch, e.partitionkey, e.restricted, :now, :traceparent, e.body
    from producer, unnest(
        cast(:types as text[]), cast(:versions as smallint[]), cast(:subjects as text[]), cast(:seqs as bigint[]),
        cast(:partitionkeys as text[]), cast(:restricted as boolean[]), cast(:bodies as text[])
    ) with ordinality as e (type, version, subject, seq, partitionkey, restricted, body, n)
    order by e.n
""")


class TooLarge(ValueError):
    """An event over 64 KB: refused when the command runs, not when the broker sees it."""


def put(tx: Connection, drafts: Sequence[Draft], traceparent: str | None = None) -> None:
    """Writes the events to be published once `tx` commits, in this order, in one statement.

    Raises TooLarge over 64 KB and ValueError for what is not JSON.
    """
    if not drafts:
        return
    tx.execute(
        PUT,
        {
            "now": clock.now(tx),
            "traceparent": traceparent,
            "types": [d.type for d in drafts],
            "versions": [d.version for d in drafts],
            "subjects": [d.subject for d in drafts],
            "seqs": [d.seq for d in drafts],
            "partitionkeys": [d.partitionkey or d.subject for d in drafts],
            "restricted": [d.restricted for d in drafts],
            "bodies": [_body(d) for d in drafts],
        },
    )


def _body(draft: Draft) -> str:
    body = draft.body()
    if len(body.encode()) > LIMIT_BYTES:
        raise TooLarge(f"{draft.type} of {draft.subject} is larger than {LIMIT_BYTES} bytes")
    return body
