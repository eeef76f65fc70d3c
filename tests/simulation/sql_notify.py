"""What notify's database does: cases, letters with their series, units; messages are in sql_messages.py."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tests.simulation import sql_chassis, sql_messages
from tests.simulation.memory import Fields, Tx, in_order, models, moments

OWN, of = models()
TABLES = (
    *sql_chassis.TABLES, "cases", "letters", "letter_numbers", "messages", "sms", "windows", "units", "posts",
)  # fmt: skip
LETTER_MOMENTS = ("started_at", "due", "breached_at", "proposed_at", "signed_at", "issued_at", "acknowledged_at", "voided_at")  # fmt: skip
LETTER_COLUMNS = (
    "id", "case_number", "kind", "gen", "unit", "unit_name", "complexity", "started_at", "due", "breached_at",
    "restricted", "state", "version", "revision", "proposed_at", "number", "signed_by", "signed_at", "issued_at",
    "sha256", "acknowledged_at", "voided_at", "cause", "reason",
)  # fmt: skip


# --- cases ---


@of("from cases where number = any(:numbers) order by number")
def _cases(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    return [tx.tables["cases"][number] for number in p["numbers"] if number in tx.tables["cases"]]


@of("insert into cases (number, intake")
def _save_cases(tx: Tx, p: Mapping[str, Any]) -> None:
    for row in json.loads(p["rows"]):
        tx.put("cases", row["number"], moments(row, ("letter_due",)))


@of("where letter_due <= :now order by letter_due")
def _waiting_for_letter(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    due = (row for row in tx.tables["cases"].values() if row["letter_due"] and row["letter_due"] <= p["now"])
    return in_order(due, "letter_due")[: p["limit"]]


# --- letters ---


def _letter(row: Fields) -> Fields:
    return {name: row[name] for name in LETTER_COLUMNS}


@of("from letters where case_number = any(:cases)")
def _letters_of(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    return in_order((_letter(r) for r in tx.tables["letters"].values() if r["case_number"] in p["cases"]), "id")


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
    beyond = p["until"] + timedelta(minutes=1)
    signed = [row for row in tx.tables["letters"].values() if row["state"] == "signed"]
    due = [row for row in signed if row["print_after"] <= p["now"] or row["print_after"] > beyond]
    return [
        {"id": row["id"], "content": tx.change("letters", row["id"], print_after=p["until"])["content"]}
        for row in in_order(due, "print_after")[: p["limit"]]
    ]


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


MODELS = sql_chassis.MODELS | sql_messages.MODELS | OWN
