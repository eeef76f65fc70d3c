"""What intake's database does."""

import json
from collections.abc import Mapping
from typing import Any

from tests.simulation import sql_chassis
from tests.simulation.memory import Fields, Tx, models, moments

OWN, of = models()
TABLES = (*sql_chassis.TABLES, "cases", "identities", "number_blocks", "progress", "supplements", "ratings")


@of("insert into number_blocks")
def _block(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    taken = max(tx.tables["number_blocks"].get(p["day"], {"taken": 0})["taken"], p["first"] - 1) + p["size"]
    tx.put("number_blocks", p["day"], {"taken": taken})
    return [{"taken": taken}]


@of("select i.number from identities i join cases c using (number)")
def _same_telephone(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    cases = tx.tables["cases"]
    found = [
        number
        for number, row in tx.tables["identities"].items()
        if row["mobile_index"] == p["mobile"] and number >= p["first"] and cases[number]["submitted_at"] >= p["since"]
    ]
    return [{"number": number} for number in sorted(found, reverse=True)[: p["most"]]]


@of("select producer_is_here() as here")
def _restores(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    return [{"here": True, "restores": 0}]


@of("with new as ( select * from jsonb_to_recordset")
def _add(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    known = {row["external_id"] for row in tx.tables["cases"].values() if row["external_id"]}
    added = []
    for row in json.loads(p["rows"]):
        if row["external_id"] in known:
            continue
        identity = {n: bytes.fromhex(row[n]) if row[n] else None for n in ("sealed", "mobile_index", "code_index")}
        new = {"refused_at": None, "reason": None, "withdrawn_at": None, "withdrawal_asked_at": None} | moments(
            row, ("submitted_at", "accepted_at")
        )
        tx.put("cases", row["number"], new)
        tx.put("identities", row["number"], {"number": row["number"]} | identity)
        added.append({"number": row["number"]})
    return added


@of("from cases c where c.number = :number")
def _case(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    row = tx.tables["cases"].get(p["number"])
    return [row] if row else []


@of("update cases set state = :state")
def _update(tx: Tx, p: Mapping[str, Any]) -> None:
    tx.change("cases", p["number"], **p)


@of("from identities where number = any")
def _identities(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    return [row for number, row in tx.tables["identities"].items() if number in p["numbers"]]


@of("select external_id from cases")
def _known(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    return [
        {"external_id": row["external_id"]} for row in tx.tables["cases"].values() if row["external_id"] in p["ids"]
    ]


@of("insert into progress (number)")
def _make(tx: Tx, p: Mapping[str, Any]) -> None:
    for number in p["numbers"]:
        if number not in tx.tables["progress"]:
            tx.put("progress", number, {"number": number, "handling": None, "promise": None})


@of("from progress p where p.number = any")
def _progress(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    return [tx.tables["progress"][number] for number in p["numbers"]]


@of("update progress p set handling")
def _save(tx: Tx, p: Mapping[str, Any]) -> None:
    for row in json.loads(p["rows"]):
        tx.put("progress", row["number"], row)


# --- what the resident does after the letter ---


@of("from cases c join identities i using (number) left join progress p using (number)")
def _held(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    row = tx.tables["cases"].get(p["number"])
    if row is None:
        return []
    told = tx.tables["progress"].get(p["number"], {"handling": None, "promise": None})
    after = {
        table: [each for key, each in sorted(tx.tables[table].items()) if each["number"] == p["number"]]
        for table in ("supplements", "ratings")
    }
    code = tx.tables["identities"][p["number"]]["code_index"]
    return [row | {"code_index": code or b""} | {n: told[n] for n in ("handling", "promise")} | after]


@of("insert into supplements")
def _supplement(tx: Tx, p: Mapping[str, Any]) -> None:
    tx.put("supplements", tx.database.next_number(), {**p, "at": p["at"].isoformat()})


@of("insert into ratings")
def _rate(tx: Tx, p: Mapping[str, Any]) -> None:
    assert (p["number"], p["round"]) not in tx.tables["ratings"], "a pass is rated once"
    tx.put("ratings", (p["number"], p["round"]), {**p, "at": p["at"].isoformat()})


MODELS = sql_chassis.MODELS | OWN
