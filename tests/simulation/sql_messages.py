"""What notify's database does with messages and the SMS that carry them: reserve, claim, lease, end."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.simulation.memory import Fields, Tx, in_order, models, moments

MODELS, of = models()
MESSAGE_MOMENTS = ("recorded_at", "useful_until")
BEYOND = timedelta(minutes=2)


def _is_due(moment: datetime, now: datetime) -> bool:
    return moment <= now or moment > now + BEYOND


def _pending(tx: Tx, audience: str, now: Any) -> list[Fields]:
    return [
        row
        for row in tx.tables["messages"].values()
        if row["state"] == "pending" and row["audience"] == audience and _is_due(row["next_try"], now)
    ]


@of("insert into messages")
def _add(tx: Tx, p: Mapping[str, Any]) -> None:
    known = {(row["case_number"], row["event"], row["recipient"]) for row in tx.tables["messages"].values()}
    for row in json.loads(p["rows"]):
        if (row["case_number"], row["event"], row["recipient"]) in known:
            continue
        new = {
            "state": "pending", "attempts": 0, "ordered": False, "sms": None, "reason": None, "version": 0,
            "next_try": p["now"], "planned_at": p["now"], "ended_at": None,
        }  # fmt: skip
        tx.put("messages", row["id"], moments(row, MESSAGE_MOMENTS) | new)


@of("update messages m set next_try = :until, attempts = m.attempts + 1 from due")
def _reserve(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    due = in_order(_pending(tx, "resident", p["now"]), "next_try")[: p["limit"]]
    return [tx.change("messages", r["id"], next_try=p["until"], attempts=r["attempts"] + 1) for r in due]


@of("where id = any(cast(:ids as uuid[])) and state = 'pending' order by id for update skip locked")
def _lock_pending(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    rows = tx.tables["messages"]
    return [rows[id_] for id_ in sorted(p["ids"]) if rows[id_]["state"] == "pending"]


@of("left join windows w on w.mobile = p.mobile")
def _lock_for_staff(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    found = []
    for row in in_order(_pending(tx, "unit", p["now"]), "next_try", "id"):
        mobile = _mobile(tx, row)
        window = tx.tables["windows"].get(mobile)
        if window is None or _may_open(window, p):
            found.append(row | {"mobile": mobile})
    return found[: p["limit"]]


def _may_open(window: Fields, p: Mapping[str, Any]) -> bool:
    return bool(window["opened_at"] <= p["opened_before"] or window["opened_at"] > p["now"] + BEYOND)


def _mobile(tx: Tx, message: Fields) -> str | None:
    post = tx.tables["posts"].get(message["recipient"])
    return post["mobile"] if post else None


@of("insert into windows as w")
def _open_windows(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    opened = []
    for mobile in p["mobiles"]:
        window = tx.tables["windows"].get(mobile)
        if window is None or _may_open(window, p):
            tx.put("windows", mobile, {"opened_at": p["now"]})
            opened.append({"mobile": mobile})
    return opened


@of("delete from windows")
def _close_windows(tx: Tx, p: Mapping[str, Any]) -> None:
    for mobile in p["mobiles"]:
        tx.remove("windows", mobile)


@of("insert into sms")
def _claim_sms(tx: Tx, p: Mapping[str, Any]) -> None:
    for id_, audience in zip(p["ids"], p["audiences"], strict=True):
        new = {"id": id_, "audience": audience, "state": "claimed", "attempt": 1, "lease_until": p["lease_until"]}
        tx.put("sms", id_, new | {"reason": None})


@of("update messages m set state = 'claimed'")
def _claim_messages(tx: Tx, p: Mapping[str, Any]) -> None:
    for message, sms in zip(p["messages"], p["sms"], strict=True):
        tx.change("messages", message, state="claimed", sms=sms)


@of("update sms s set state = e.state")
def _end_sms(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    ended = []
    for id_, attempt, state, reason in zip(*(p[n] for n in ("sms", "attempts", "states", "reasons")), strict=True):
        row = tx.tables["sms"][id_]
        if row["attempt"] == attempt and row["state"] == "claimed":
            tx.change("sms", id_, state=state, reason=reason)
            ended.append({"id": id_})
    return ended


@of("update messages m set state = e.state")
def _end_messages(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    moved = []
    for sms, state, reason, next_try in zip(*(p[n] for n in ("sms", "states", "reasons", "next")), strict=True):
        over = state in ("sent", "failed")
        for row in _carried(tx, [sms]):
            if row["state"] == "claimed":
                changes = {
                    "state": state, "reason": reason, "next_try": next_try or row["next_try"],
                    "sms": None if state == "pending" else sms, "ended_at": p["now"] if over else None,
                    "version": row["version"] + over,
                }  # fmt: skip
                moved.append(tx.change("messages", row["id"], **changes))
    return moved


def _carried(tx: Tx, sms: Sequence[str]) -> list[Fields]:
    return in_order((row for row in tx.tables["messages"].values() if row["sms"] in sms), "planned_at", "id")


@of("update messages m set state = 'skipped'")
def _skip(tx: Tx, p: Mapping[str, Any]) -> None:
    for id_, reason in zip(p["ids"], p["reasons"], strict=True):
        tx.change("messages", id_, state="skipped", reason=reason, ended_at=p["now"])


@of("next_try = p.next_try, attempts = m.attempts + case when")
def _postpone(tx: Tx, p: Mapping[str, Any]) -> None:
    for id_, next_try in zip(p["ids"], p["next"], strict=True):
        row = tx.tables["messages"][id_]
        if row["state"] == "pending":
            attempts = row["attempts"] + (row["audience"] == "unit")
            tx.change("messages", id_, next_try=next_try, attempts=attempts)


@of("with lapsed as ( select id from sms")
def _lapsed(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    due = [
        row for row in tx.tables["sms"].values() if row["state"] == "claimed" and _is_due(row["lease_until"], p["now"])
    ]
    return [
        tx.change("sms", row["id"], lease_until=p["until"], attempt=row["attempt"] + 1)
        for row in in_order(due, "lease_until")[: p["limit"]]
    ]


@of("update sms s set lease_until = l.lease_until")
def _let_lapse(tx: Tx, p: Mapping[str, Any]) -> None:
    for id_, moment in zip(p["ids"], p["moments"], strict=True):
        if tx.tables["sms"][id_]["state"] == "claimed":
            tx.change("sms", id_, lease_until=moment)


@of("where m.sms = any(cast(:sms as uuid[])) order by m.planned_at, m.id")
def _carried_by(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    return [row | {"mobile": _mobile(tx, row)} for row in _carried(tx, p["sms"])]


@of("from messages m where m.id = cast(:id as uuid) for update")
def _lock_message(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    row = tx.tables["messages"].get(p["id"])
    return [row] if row else []


@of("update messages set state = 'pending', ordered = true")
def _order(tx: Tx, p: Mapping[str, Any]) -> None:
    tx.change("messages", p["id"], state="pending", ordered=True, sms=None, reason=None, next_try=p["now"])


@of("update messages set state = 'failed'")
def _drop(tx: Tx, p: Mapping[str, Any]) -> None:
    row = tx.tables["messages"][p["id"]]
    changes = {"state": "failed", "reason": p["reason"], "ended_at": p["now"], "version": row["version"] + 1}
    tx.change("messages", p["id"], **changes)
