"""After quiet, every service's view of a case agrees with that of the service which decides."""

from collections.abc import Iterator, Mapping
from typing import Any

from referee.invariants.evidence import Evidence, Row, moment
from referee.invariants.findings import WRONG, Finding

OF_INTAKE = ("submitted_at", "accepted_at")
OF_DISPATCH = (
    *("unit", "unit_name", "helpers", "complexity", "priority", "sensitive", "restricted"),
    *("dispatched_at", "contacted_at", "replied_at", "closed_at"),
)
SHOWN = ("state", "unit", "unit_name", "dispatched_at", "acknowledged_at", "contacted_at", "replied_at", "closed_at")
BEFORE_DISPATCH = ("submitted", "refused", "waiting")


def views_agree(evidence: Evidence) -> Iterator[Finding]:
    """I13: row by row, the cases of intake, dispatch, sla and notify say the same, and each the newest of its log."""
    tables = {service: evidence.cases(service) for service in ("intake", "dispatch", "sla", "notify")}
    clocks = {(row["number"], row["kind"]): row for row in evidence.rows("sla.clocks")}
    for number, intake in tables["intake"].items():
        rows = {service: table.get(number) for service, table in tables.items()}
        if all(rows.values()):  # that one is missing is I1
            for service, what in _differences(evidence, intake, rows, clocks.get((number, "close"))):
                yield Finding("I13", WRONG, f"{service} is wrong about {what}", number)
    for service in ("intake", "dispatch", "sla"):
        for number, row in tables[service].items():
            published = max((entry.seq for entry in evidence.of(service, number)), default=0)
            if row["version"] != published:
                what = f"{service} counts {row['version']} events of a case and published {published}"
                yield Finding("I13", WRONG, what, number)


def _differences(
    evidence: Evidence, intake: Row, rows: Mapping[str, Any], close: Row | None
) -> Iterator[tuple[str, str]]:
    dispatch, sla, notify = rows["dispatch"], rows["sla"], rows["notify"]
    yield from (("dispatch", name) for name in _of_dispatch(intake, dispatch))
    yield from (("intake", name) for name in _of_progress(intake, dispatch, close))
    yield from (("sla", name) for name in _of_sla(evidence, intake, dispatch, sla))
    yield from (("notify", name) for name in _of_notify(evidence, intake, dispatch, notify))


def _of_dispatch(intake: Row, dispatch: Row) -> Iterator[str]:
    yield from _unequal(intake, dispatch, ("kind", "channel", "community", "emergency", *OF_INTAKE))
    unheard, refused = dispatch["state"] == "submitted", dispatch["state"] == "refused"
    decided = {"submitted": unheard, "withdrawn": unheard, "refused": refused}
    if not decided.get(intake["state"], dispatch["state"] not in ("submitted", "refused")):
        yield "whether the case was accepted"


def _of_progress(intake: Row, dispatch: Row, close: Row | None) -> Iterator[str]:
    handling, promise = intake["handling"], intake["promise"]
    if (handling is None) != (dispatch["state"] in BEFORE_DISPATCH):
        yield "whether the case was dispatched"
    elif handling:
        yield from _unequal(handling, dispatch, SHOWN)
    promised = (promise["gen"], moment(promise["due"])) if promise else None
    if promised != ((close["gen"], close["due"]) if close else None):
        yield "the promised date"


def _of_sla(evidence: Evidence, intake: Row, dispatch: Row, sla: Row) -> Iterator[str]:
    yield from _unequal(sla, intake, (*OF_INTAKE, "refused_at", "emergency"))
    heard = [e for e in evidence.of("dispatch", sla["number"]) if e.type != "case.acknowledged"]
    if heard:  # of a case that was never studied nor dispatched sla has heard nothing
        yield from _unequal(sla, dispatch, OF_DISPATCH)
    if sla["state"] != (heard[-1].data["state"] if heard else "unknown"):
        yield "the state"
    marks = [e.data["mark"] for e in evidence.of("sla", sla["number"]) if e.type == "case.marked"]
    if sla["mark"] != (marks[-1] if marks else "none"):
        yield "the mark it published"


def _of_notify(evidence: Evidence, intake: Row, dispatch: Row, notify: Row) -> Iterator[str]:
    number = notify["number"]
    if (notify["intake"] or {}).get("identity") != intake["identity"]:
        yield "whom to tell"
    if dispatch["state"] not in BEFORE_DISPATCH and bool(notify["restricted_by"]) != dispatch["restricted"]:
        yield "whether the case is restricted"
    closings = [e.seq for e in evidence.of("dispatch", number) if e.type == "case.closed"]
    if [each["seq"] for each in notify["dispatch"].get("closings", ())] != closings:
        yield "its closing"
    told = evidence.of("sla", number)
    for part, type_ in (("clocks", "clock.started"), ("marks", "case.marked")):
        if [each["seq"] for each in notify["sla"].get(part, ())] != [e.seq for e in told if e.type == type_]:
            yield f"its {part}"
    stopped = [e.seq for e in told if e.type == "clock.changed" and e.data["status"] == "stopped"]
    if [each["seq"] for each in notify.get("stops", ())] != stopped:
        yield "its stopped clocks"
    left = [e for e in (*evidence.of("intake", number), *evidence.of("dispatch", number)) if e.type == "case.withdrawn"]
    if bool(notify.get("withdrawal")) != bool(left):
        yield "its withdrawal"
    retracted = {(e.data["kind"], e.data["gen"]) for e in told if e.type == "clock.retracted"}
    breaches = {(e.data["kind"], e.data["gen"]) for e in told if e.type == "clock.breached"}
    known = {
        (each["kind"], each["gen"]): each["retracted_seq"] is not None for each in notify["sla"].get("breaches", ())
    }
    if known != {each: each in retracted for each in breaches}:
        yield "its breaches"


def _unequal(one: Row, other: Row, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        if _value(name, one[name]) != _value(name, other[name]):
            yield name


def _value(name: str, value: Any) -> Any:
    if name == "helpers":
        return tuple(value)
    return moment(value) if name.endswith("_at") else value
