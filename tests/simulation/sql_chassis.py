"""What every service's database does: outbox, event log, seen, aside, attempts, and the Idempotency-Key."""

import json
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tests.simulation.memory import Fields, Tx, models

MODELS, of = models()
TABLES = ("outbox", "event_log", "seen", "aside", "attempt", "idempotency")


@of("select clock_now()")
def _now(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    return [{"now": tx.now}]


@of("set local synchronous_commit = off")
def _unflushed(tx: Tx, p: Mapping[str, Any]) -> None:
    """No crash of a simulated database loses what was committed."""


@of("insert into outbox (type, version, subject")
def _put(tx: Tx, p: Mapping[str, Any]) -> int:
    for type_, version, subject, seq, key, restricted, body in zip(
        *(p[n] for n in ("types", "versions", "subjects", "seqs", "partitionkeys", "restricted", "bodies")), strict=True
    ):
        write_outbox(tx, type_, version, subject, seq, key, restricted, body)
    return len(p["types"])


def write_outbox(
    tx: Tx, type_: str, version: int, subject: str, seq: int, key: str, restricted: bool, body: str
) -> None:
    """One row of the outbox. Its UUID is counted, not drawn: nothing depends on it."""
    number = tx.database.next_number()
    tx.put(
        "outbox",
        number,
        {
            "id": number, "event_id": uuid.UUID(int=number), "type": type_, "version": version, "subject": subject,
            "seq": seq, "epoch": 1, "partitionkey": key, "restricted": restricted, "time": tx.now,
            "traceparent": None, "body": body, "held": False,
        },
    )  # fmt: skip


@of("select exists (select 1 from outbox where not held)")
def _any(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    return [{"any": bool(tx.tables["outbox"])}]


@of("select pg_try_advisory_xact_lock(hashtext('lianxin relay'))")
def _lock(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    return [{"got": tx.lock("relay")}]


@of("select pg_try_advisory_xact_lock_shared(hashtext('lianxin rebuild'))")
def _gate(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    return [{"open": True}]  # nobody rebuilds here


@of("select exists (select 1 from halt)")
def _halted(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    return [{"halted": False}]


@of("select o.* from outbox o")
def _claim(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    return sorted(tx.tables["outbox"].values(), key=lambda row: row["id"])[: p["batch"]]


@of("with gone as (delete from outbox")
def _move(tx: Tx, p: Mapping[str, Any]) -> int:
    rows = [tx.tables["outbox"][id_] for id_ in sorted(p["ids"])]
    for row in rows:
        tx.remove("outbox", row["id"])
        tx.put("event_log", tx.database.next_number(), row | {"published_at": tx.database.stage.clock("sla")})
    return len(rows)


@of("join seen using (source, subject) order by")
def _seen(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    seen = tx.tables["seen"]
    pairs = zip(p["sources"], p["subjects"], strict=True)
    return [
        {"source": s, "subject": about, "epoch": seen[s, about][0], "last_seq": seen[s, about][1]}
        for s, about in pairs
        if (s, about) in seen
    ]


@of("insert into seen (source, subject, epoch, last_seq)")
def _mark(tx: Tx, p: Mapping[str, Any]) -> int:
    marked = 0
    for source, subject, *place in zip(*(p[n] for n in ("sources", "subjects", "epochs", "seqs")), strict=True):
        if tx.tables["seen"].get((source, subject), (0, 0)) < tuple(place):
            tx.put("seen", (source, subject), tuple(place))
            marked += 1
    return marked


@of("select distinct source, subject from unnest")
def _behind(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    aside = {(row["source"], row["subject"]) for row in tx.tables["aside"].values()}
    pairs = aside & set(zip(p["sources"], p["subjects"], strict=True)) if aside else set()
    return [{"source": source, "subject": subject} for source, subject in sorted(pairs)]


@of("insert into aside (source")
def _put_aside(tx: Tx, p: Mapping[str, Any]) -> int:
    rows = json.loads(p["rows"])
    for row in rows:
        number = tx.database.next_number()
        kept = {name: row[name] for name in ("source", "subject", "epoch", "seq", "type", "headers", "error")}
        first = tx.now + timedelta(seconds=p["first"])
        parked = tx.now if row["parked"] else None
        kept |= {"id": number, "body": bytes.fromhex(row["body"]), "attempts": 0, "next_try": first}
        tx.put("aside", number, kept | {"parked_at": parked})
    return len(rows)


def _may_be_tried(tx: Tx, row: Fields, longest: float) -> bool:
    due: bool = row["next_try"] <= tx.now or row["next_try"] > tx.now + timedelta(seconds=longest)
    return due and row["parked_at"] is None


def _due(tx: Tx, longest: float) -> list[Fields]:
    """Of each subject only the first row counts."""
    first: dict[tuple[str, str], Fields] = {}
    for row in sorted(tx.tables["aside"].values(), key=lambda row: row["id"]):
        first.setdefault((row["source"], row["subject"]), row)
    return sorted(
        (row for row in first.values() if _may_be_tried(tx, row, longest)),
        key=lambda row: row["next_try"],
    )


@of("select exists (select 1 from aside where parked_at is null")
def _any_aside(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    return [{"any": any(_may_be_tried(tx, row, p["longest"]) for row in tx.tables["aside"].values())}]


@of("select a.id, a.source, a.subject, a.headers, a.body, a.attempts from aside a")
def _first_due(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    return _due(tx, p["longest"])[:1]


@of("delete from aside where id")
def _done(tx: Tx, p: Mapping[str, Any]) -> None:
    tx.remove("aside", p["id"])


@of("update aside set attempts = :attempts")
def _failed_again(tx: Tx, p: Mapping[str, Any]) -> None:
    wait, parked = timedelta(seconds=p["wait"]), tx.now if p["parked"] else None
    tx.change("aside", p["id"], attempts=p["attempts"], error=p["error"], next_try=tx.now + wait, parked_at=parked)


@of("update aside set attempts = 0")
def _again(tx: Tx, p: Mapping[str, Any]) -> int:
    tx.change("aside", p["id"], attempts=0, parked_at=None, next_try=tx.now)
    return 1


@of("insert into attempt (event_id, attempts)")
def _attempted(tx: Tx, p: Mapping[str, Any]) -> list[Fields] | int:
    if "keys" in p:
        new = [key for key in p["keys"] if key not in tx.tables["attempt"]]
        for key in new:
            tx.put("attempt", key, {"attempts": 0})
        return len(new)
    count = tx.tables["attempt"].get(p["key"], {"attempts": 0})["attempts"] + 1
    tx.put("attempt", p["key"], {"attempts": count})
    return [{"attempts": count}]


@of("delete from attempt where event_id")
def _forget(tx: Tx, p: Mapping[str, Any]) -> None:
    for key in p["keys"] if "keys" in p else [p["key"]]:
        tx.remove("attempt", key)
