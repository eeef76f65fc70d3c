"""What dispatch's database does."""

import json
from collections.abc import Mapping
from typing import Any

from services.dispatch.store import CASE_COLUMNS
from tests.simulation import sql_chassis
from tests.simulation.memory import Fields, Tx, models, moments

OWN, of = models()
TABLES = (
    *sql_chassis.TABLES, "cases", "standings", "case_texts", "supplements", "work_log", "editions", "units", "duties",
)  # fmt: skip
MOMENTS = tuple(name for name, kind in CASE_COLUMNS.items() if kind == "timestamptz")


@of("insert into cases (number, state")
def _save(tx: Tx, p: Mapping[str, Any]) -> None:
    for row in json.loads(p["rows"]):
        tx.put("cases", row["number"], moments(row, MOMENTS))


@of("from cases where number = any(:numbers)")
def _lock_all(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    return [tx.tables["cases"][number] for number in p["numbers"] if number in tx.tables["cases"]]


@of("from cases where number = :number and scopes &&")
def _lock(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    row = tx.tables["cases"].get(p["number"])
    return [row] if row and set(row["scopes"]) & set(p["scopes"]) else []


@of("from standings where number = any(:numbers)")
def _lock_standings(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    return [tx.tables["standings"][number] for number in p["numbers"] if number in tx.tables["standings"]]


@of("insert into standings")
def _save_standings(tx: Tx, p: Mapping[str, Any]) -> None:
    for row in json.loads(p["rows"]):
        tx.put("standings", row["number"], row)


@of("insert into case_texts")
def _save_texts(tx: Tx, p: Mapping[str, Any]) -> None:
    for row in json.loads(p["rows"]):
        tx.put("case_texts", row["number"], row)


@of("insert into supplements")
def _save_supplements(tx: Tx, p: Mapping[str, Any]) -> None:
    for row in json.loads(p["rows"]):
        key = (row["number"], row["seq"], row["at"])
        if key not in tx.tables["supplements"]:
            tx.put("supplements", key, row)


@of("insert into work_log")
def _work(tx: Tx, p: Mapping[str, Any]) -> None:
    for row in json.loads(p["rows"]):
        key = (row["case_number"], row["seq"])
        assert key not in tx.tables["work_log"], "the work log's key is broken"
        tx.put("work_log", key, row)


@of("from editions order by name for")
def _editions(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    return list(tx.tables["editions"].values())


@of("update editions set id = gen_random_uuid()")
def _renew(tx: Tx, p: Mapping[str, Any]) -> None:
    # The version stands for the random id: the same reference data in every run, so that it is read once.
    tx.change("editions", p["name"], id=p["version"], version=p["version"], words=json.loads(p["words"]))


@of("from units order by code")
def _units(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    return sorted(tx.tables["units"].values(), key=lambda row: row["code"])


@of("insert into units")
def _save_units(tx: Tx, p: Mapping[str, Any]) -> None:
    for row in json.loads(p["rows"]):
        tx.put("units", row["code"], row)


@of("from duties order by position")
def _duties(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    return list(tx.tables["duties"].values())


MODELS = sql_chassis.MODELS | OWN
