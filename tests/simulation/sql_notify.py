"""What notify's database does: cases, letters with their series, messages and the SMS that carry them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.simulation import sql_chassis
from tests.simulation.memory import Fields, Tx, models, moments

OWN, of = models()
TABLES = (
    *sql_chassis.TABLES, "cases", "letters", "letter_numbers", "messages", "sms", "windows", "units", "posts",
)  # fmt: skip
LETTER_MOMENTS = ("started_at", "due", "breached_at", "proposed_at", "signed_at", "issued_at", "acknowledged_at", "voided_at")  # fmt: skip
MESSAGE_MOMENTS = ("recorded_at", "useful_until", "since")
LETTER_COLUMNS = (
    "id", "case_number", "kind", "gen", "unit", "unit_name", "complexity", "started_at", "due", "breached_at",
    "restricted", "state", "version", "revision", "proposed_at", "number", "signed_by", "signed_at", "issued_at",
    "sha256", "acknowledged_at", "voided_at", "cause", "reason",
)  # fmt: skip


def _in_order(rows: Any, *names: str) -> list[Fields]:
    return sorted(rows, key=lambda row: tuple(row[name] for name in names))


# --- cases ---


@of("select number, intake, dispatch, sla, restricted_by from cases where number = any(:numbers)")
def _cases(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    return [tx.tables["cases"][number] for number in p["numbers"] if number in tx.tables["cases"]]


@of("insert into cases (number, intake")
def _save_cases(tx: Tx, p: Mapping[str, Any]) -> None:
    for row in json.loads(p["rows"]):
        tx.put("cases", row["number"], moments(row, ("letter_due",)))


@of("where letter_due <= :now order by letter_due")
def _waiting_for_letter(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    due = (row for row in tx.tables["cases"].values() if row["letter_due"] and row["letter_due"] <= p["now"])
    return _in_order(due, "letter_due")[: p["limit"]]


# --- letters ---


def _letter(row: Fields) -> Fields:
    return {name: row[name] for name in LETTER_COLUMNS}


@of("from letters where case_number = any(:cases)")
def _letters_of(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    return _in_order((_letter(r) for r in tx.tables["letters"].values() if r["case_number"] in p["cases"]), "id")


@of("select id, state from letters")
def _letter_states(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    return [{"id": r["id"], "state": r["state"]} for r in tx.tables["letters"].values() if r["id"] in p["ids"]]


@of("from letters where id = cast(:id as uuid) for update")
def _lock_letter(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    row = tx.tables["letters"].get(p["id"])
    return [_letter(row)] if row else []


@of("insert into letters")
def _save_letters(tx: Tx, p: Mapping[str, Any]) -> None:
    for row in json.loads(p["rows"]):
        known = tx.tables["letters"].get(row["id"], {"content": None, "print_after": None})
        tx.put("letters", row["id"], known | moments(row, LETTER_MOMENTS))


@of("insert into letter_numbers as n")
def _next_count(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    key = (p["code"], p["year"])
    last = tx.tables["letter_numbers"].get(key, {"last": 0})["last"] + 1
    tx.put("letter_numbers", key, {"last": last})
    return [{"last": last}]


@of("update letters set content")
def _fix_content(tx: Tx, p: Mapping[str, Any]) -> None:
    tx.change("letters", p["id"], content=json.loads(p["content"]), print_after=p["now"])


@of("update letters l set print_after = :until from due")
def _take_to_print(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    due = [r for r in tx.tables["letters"].values() if r["state"] == "signed" and r["print_after"] <= p["now"]]
    return [
        {"id": row["id"], "content": tx.change("letters", row["id"], print_after=p["until"])["content"]}
        for row in _in_order(due, "print_after")[: p["limit"]]
    ]


# --- messages ---


def _pending(tx: Tx, audience: str, now: Any) -> list[Fields]:
    return [
        row
        for row in tx.tables["messages"].values()
        if row["state"] == "pending" and row["audience"] == audience and row["next_try"] <= now
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
    due = _in_order(_pending(tx, "resident", p["now"]), "next_try")[: p["limit"]]
    return [tx.change("messages", r["id"], next_try=p["until"], attempts=r["attempts"] + 1) for r in due]


@of("where id = any(cast(:ids as uuid[])) and state = 'pending' order by id for update skip locked")
def _lock_pending(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    rows = tx.tables["messages"]
    return [rows[id_] for id_ in sorted(p["ids"]) if rows[id_]["state"] == "pending"]


@of("left join windows w on w.mobile = p.mobile")
def _lock_for_staff(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    found = []
    for row in _in_order(_pending(tx, "unit", p["now"]), "next_try", "id"):
        mobile = _mobile(tx, row)
        window = tx.tables["windows"].get(mobile)
        if window is None or window["opened_at"] <= p["opened_before"]:
            found.append(row | {"mobile": mobile})
    return found[: p["limit"]]


def _mobile(tx: Tx, message: Fields) -> str | None:
    post = tx.tables["posts"].get(message["recipient"])
    return post["mobile"] if post else None


@of("insert into windows as w")
def _open_windows(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    opened = []
    for mobile in p["mobiles"]:
        window = tx.tables["windows"].get(mobile)
        if window is None or window["opened_at"] <= p["opened_before"]:
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
    return _in_order((row for row in tx.tables["messages"].values() if row["sms"] in sms), "planned_at", "id")


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
    due = [row for row in tx.tables["sms"].values() if row["state"] == "claimed" and row["lease_until"] <= p["now"]]
    return [
        tx.change("sms", row["id"], lease_until=p["until"], attempt=row["attempt"] + 1)
        for row in _in_order(due, "lease_until")[: p["limit"]]
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


# --- units ---


@of("select code, name, active from units")
def _units(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    return [tx.tables["units"][code] for code in p["codes"] if code in tx.tables["units"]]


@of("select recipient, unit, name, mobile from posts")
def _posts(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    return [row for row in tx.tables["posts"].values() if row["unit"] in p["codes"]]


@of("insert into units (code, name, active)")
def _save_units(tx: Tx, p: Mapping[str, Any]) -> None:
    for code, name, active in zip(p["codes"], p["names"], p["active"], strict=True):
        tx.put("units", code, {"code": code, "name": name, "active": active})


@of("delete from posts where unit")
def _drop_posts(tx: Tx, p: Mapping[str, Any]) -> None:
    for recipient in [row["recipient"] for row in tx.tables["posts"].values() if row["unit"] in p["codes"]]:
        tx.remove("posts", recipient)


@of("insert into posts")
def _add_posts(tx: Tx, p: Mapping[str, Any]) -> None:
    rows = zip(*(p[n] for n in ("recipients", "units", "names", "mobiles")), strict=True)
    for recipient, unit, name, mobile in rows:
        tx.put("posts", recipient, {"recipient": recipient, "unit": unit, "name": name, "mobile": mobile})


@of("update messages set next_try = planned_at")
def _wake(tx: Tx, p: Mapping[str, Any]) -> None:
    for row in list(tx.tables["messages"].values()):
        if row["state"] == "pending" and row["audience"] == "unit" and row["recipient"] in p["recipients"]:
            tx.change("messages", row["id"], next_try=row["planned_at"])


MODELS = sql_chassis.MODELS | OWN
