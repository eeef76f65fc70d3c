"""A service of two pages, to try the chassis on: it adds up numbers per subject and publishes each new total."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from marshmallow import EXCLUDE, Schema, fields
from sqlalchemy import Connection, text

from chassis.database import Database
from chassis.delivery.envelope import Draft, Event
from chassis.delivery.subscription import Subscription
from chassis.delivery.topology import Topology

TABLE = "create table totals (name text primary key, total bigint not null, version bigint not null)"
# Two users the broker knows anyway: one adds, the other counts.
ADDER, COUNTER = "intake", "sla"
TOPOLOGY = Topology(
    {"sla.inbox": {"intake.events": ["added", "to.sla.inbox"], "sla.events": ["probe.sla"]}},
    {
        ADDER: {"configure": "^$", "write": r"^intake\.events$", "read": "^$"},
        COUNTER: {"configure": "^$", "write": r"^sla\.events$", "read": r"^sla\.inbox$"},
    },
)


class Added(Schema):
    class Meta:
        unknown = EXCLUDE

    number = fields.Integer(required=True)


Total = tuple[int, int]


class Unlucky(Exception):
    """Thirteen can't be added."""


def added(subject: str, seq: int, number: int) -> Draft:
    return Draft("added", subject, seq, {"number": number})


def load(tx: Connection, events: Sequence[Event]) -> dict[str, Total]:
    rows = tx.execute(
        text("select * from totals where name = any(cast(:names as text[])) order by name for update"),
        {"names": sorted({event.partitionkey for event in events})},
    )
    return {row.name: (row.total, row.version) for row in rows}


def fold(value: Total | None, event: Event, now: datetime) -> tuple[Total, list[Draft]]:
    if event.data["number"] == 13:
        raise Unlucky
    total, version = value or (0, 0)
    total, version = total + event.data["number"], version + 1
    return (total, version), [Draft("counted", event.subject, version, {"total": total})]


def save(tx: Connection, changed: Mapping[str, Total]) -> None:
    rows = [{"name": name, "total": total, "version": version} for name, (total, version) in changed.items()]
    tx.execute(
        text("""
            insert into totals
            select * from jsonb_to_recordset(cast(:rows as jsonb)) as t (name text, total bigint, version bigint)
            on conflict (name) do update set total = excluded.total, version = excluded.version
        """),
        {"rows": json.dumps(rows)},
    )


SUBSCRIPTION = Subscription({(ADDER, "added"): Added}, load, fold, save)


def totals(database: Database) -> dict[str, int]:
    with database.transaction() as tx:
        return {row.name: row.total for row in tx.execute(text("select * from totals"))}
