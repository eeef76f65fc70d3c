"""What sla's database does. The claim (services/sla/store/claim.py) is told in the domain's own words."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from chassis.delivery.envelope import Event
from services.sla.domain.case import Case, Marking
from services.sla.domain.clock import Clock, Step, Turn, breach, warn
from services.sla.domain.limit import Kind
from services.sla.domain.mark import judge
from services.sla.events import drafts
from services.sla.store import cases as case_store
from tests.simulation import sql_chassis
from tests.simulation.memory import Fields, Row, Tx, models, moments
from tests.simulation.sql_chassis import write_outbox

OWN, of = models()
TABLES = (*sql_chassis.TABLES, "cases", "clocks", "firings", "progress")
CASE_MOMENTS = tuple(name for name in case_store.CASE if name.endswith("_at"))
CLOCK_MOMENTS = ("started_at", "warn_at", "due", "warned_at", "breached_at", "muted_at", "resumed_at", "met_at", "stopped_at", "next_at")  # fmt: skip
FRESH = timedelta(seconds=2)
AHEAD = timedelta(minutes=2)


@of("select pg_advisory_xact_lock(hashtextextended")
def _lock(tx: Tx, p: Mapping[str, Any]) -> None:
    return None


@of("from cases where number = any(:numbers) order by number for update")
def _cases(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    return [tx.tables["cases"][number] for number in sorted(p["numbers"]) if number in tx.tables["cases"]]


@of("from clocks where number = any(:numbers)")
def _clocks(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    return [
        {"number": number} | {name: row[name] for name in case_store.CLOCK}
        for (number, _), row in tx.tables["clocks"].items()
        if number in p["numbers"]
    ]


@of("insert into cases (number, version")
def _save_cases(tx: Tx, p: Mapping[str, Any]) -> None:
    for row in json.loads(p["rows"]):
        case = moments(row, CASE_MOMENTS) | {"stops": [datetime.fromisoformat(at) for at in row["stops"]]}
        tx.put("cases", row["number"], case)


@of("insert into clocks (number, kind")
def _save_clocks(tx: Tx, p: Mapping[str, Any]) -> None:
    for row in json.loads(p["rows"]):
        clock = moments(row, CLOCK_MOMENTS)
        if clock["next_at"] is not None:
            clock["next_at"] = max(clock["next_at"], tx.now)
        tx.put("clocks", (row["number"], row["kind"]), clock)


@of("insert into firings (number, kind, gen, stage, at, fired_at, silent, retracted)")
def _save_firings(tx: Tx, p: Mapping[str, Any]) -> None:
    for row in json.loads(p["rows"]):
        key = (row["number"], row["kind"], row["gen"], row["stage"])
        known = tx.tables["firings"].get(key, row | {"fired_at": tx.now})
        tx.put("firings", key, known | {"at": row["at"], "retracted": row["retracted"]})


@of("update progress set caught_up_at")
def _caught_up(tx: Tx, p: Mapping[str, Any]) -> None:
    tx.put("progress", True, {"caught_up_at": p["as_of"]})


def is_caught_up(tx: Tx) -> bool:
    known = tx.tables["progress"].get(True)
    return known is not None and tx.now - FRESH < known["caught_up_at"] < tx.now + AHEAD


def retried_subjects(aside: Mapping[int, Fields]) -> set[str]:
    """The subjects whose first event aside is still being tried again."""
    first: dict[tuple[str, str], Fields] = {}
    for _, row in sorted(aside.items()):
        first.setdefault((row["source"], row["subject"]), row)
    return {subject for (_, subject), row in first.items() if row["parked_at"] is None}


def _is_due(tx: Tx, clock: Fields, floor: Any) -> bool:
    at = clock["next_at"]
    return at is not None and at <= tx.now and (floor == "-infinity" or at >= floor)


@of("with present as materialized (select clock_now() as now) select now, caught_up_at")
def _look(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    due = any(_is_due(tx, clock, p["floor"]) for clock in tx.tables["clocks"].values())
    return [{"now": tx.now, "caught_up": is_caught_up(tx), "due": due}]


@of("with present as materialized (select clock_now() as now), due as materialized")
def _fire(tx: Tx, p: Mapping[str, Any]) -> list[Fields]:
    """FIRE: due clocks of caught-up cases with nothing retried aside; each turn once, then the mark, then the events."""
    if not is_caught_up(tx):
        return [{"clocks": 0, "last": None, "lateness": [], "fired": {}}]
    waiting = retried_subjects(tx.tables["aside"])
    due = sorted(
        (c for c in tx.tables["clocks"].values() if _is_due(tx, c, p["floor"]) and c["number"] not in waiting),
        key=lambda clock: clock["next_at"],
    )[: p["batch"]]
    for number in sorted({clock["number"] for clock in due}):
        _fire_case(tx, number, {Kind(clock["kind"]) for clock in due if clock["number"] == number})
    last = max((clock["next_at"] for clock in due), default=None)
    lateness = [(tx.now - clock["next_at"]).total_seconds() for clock in due]
    return [{"clocks": len(due), "last": last, "lateness": lateness, "fired": {}}]


def _fire_case(tx: Tx, number: str, kinds: set[Kind]) -> None:
    case = case_store.case_of(
        Row(tx.tables["cases"][number]),  # type: ignore[arg-type]
        case_store.clocks_of(tx, [number])[number],  # type: ignore[arg-type]
    )
    fired, steps = _turned(tx, case, kinds)
    mark, reason = judge(fired.risk, fired.time, closed=False, watched=True)
    marking = Marking(case.mark) if steps and mark is not case.mark else None
    version = case.version + len(steps) + (marking is not None)
    if steps:
        fired = replace(fired, mark=mark, reason=reason, version=version)
    case_store.save(tx, {number: fired})  # type: ignore[arg-type]
    # The claim knows no event: the mark bears the moment of the last turn, and nothing it fires is silent.
    at = max((step.at for step in steps), default=tx.now)
    cause = Event("", "", "", number, 0, 1, tx.now, number, {"at": at, "imported": False})
    for draft in drafts(case.version, fired, steps, marking, cause):
        write_outbox(tx, draft.type, 1, number, draft.seq, number, draft.restricted, draft.body())


def _turned(tx: Tx, case: Case, kinds: set[Kind]) -> tuple[Case, list[Step]]:
    clocks: dict[Kind, Clock] = dict(case.clocks)
    steps: list[Step] = []
    for kind in kinds:
        clock = clocks[kind]
        if clock.warned_at is None:
            clock = warn(clock)
            steps.append(Step(Turn.WARNED, clock, clock.warned_at or tx.now))
        if clock.due <= tx.now:
            clock = breach(clock)
            steps.append(Step(Turn.BREACHED, clock, clock.breached_at or tx.now))
        clocks[kind] = clock
    steps.sort(key=lambda step: (step.at, step.clock.kind, step.turn is Turn.BREACHED))
    fired = [s for s in steps if (case.number, s.clock.kind, s.clock.gen, str(s.turn)) not in tx.tables["firings"]]
    return replace(case, clocks=clocks), fired


MODELS = sql_chassis.MODELS | OWN
