"""What one event of another service adds to what is known of its case or unit, and nothing that follows from it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from chassis.delivery.envelope import Event
from services.notify.domain.case import Breach, Case, Clock, Closing, Mark, Stop, Submission, Withdrawal
from services.notify.domain.unit import CENTRE, CENTRE_NAME, Contact, Unit


def with_event(case: Case, event: Event) -> Case:
    """The case once `event` is known too."""
    case = FACTS[event.type](case, event)
    if "restricted" in event.data:
        case = case.with_restriction(event.producer, event.data["restricted"])
    return case


def _submitted(case: Case, event: Event) -> Case:
    data = event.data
    submission = Submission(
        seq=event.seq, recorded_at=event.time, identity=data["identity"], imported=data["imported"] is not None
    )
    return replace(case, submission=submission)


def _dispatched(case: Case, event: Event) -> Case:
    return case


def _closed(case: Case, event: Event) -> Case:
    closing = Closing(seq=event.seq, recorded_at=event.time, at=event.data["at"])
    return replace(case, closings=(*case.closings, closing))


def _withdrawn(case: Case, event: Event) -> Case:
    return replace(case, withdrawal=Withdrawal(seq=event.seq, recorded_at=event.time))


def _started(case: Case, event: Event) -> Case:
    names = ("kind", "gen", "started_at", "warn_at", "due", "silent")
    started = Clock(
        seq=event.seq, recorded_at=event.time, **_responsible(event), **{name: event.data[name] for name in names}
    )
    return replace(case, clocks=(*case.clocks, started))


def _breached(case: Case, event: Event) -> Case:
    names = ("kind", "gen", "started_at", "due", "silent")
    breach = Breach(
        breached_at=event.data["at"],
        letter_after=timedelta(seconds=event.data["letter_after"]),
        complexity=event.data["complexity"] or "simple",
        **_responsible(event),
        **{name: event.data[name] for name in names},
    )
    return replace(case, breaches=(*case.breaches, breach))


def _retracted(case: Case, event: Event) -> Case:
    return case.retract(event.data["kind"], event.data["gen"], event.seq)


def _changed(case: Case, event: Event) -> Case:
    data = event.data
    if data["status"] != "stopped":
        return case
    stop = Stop(seq=event.seq, kind=data["kind"], gen=data["gen"], at=data["at"])
    return replace(case, stops=(*case.stops, stop))


def _marked(case: Case, event: Event) -> Case:
    data = event.data
    mark = Mark(
        seq=event.seq,
        recorded_at=event.time,
        mark=data["mark"],
        reason=data["reason"],
        silent=data["silent"],
        unit=data["unit"] or CENTRE,
    )
    return replace(case, marks=(*case.marks, mark))


FACTS: Mapping[str, Callable[[Case, Event], Case]] = {
    "case.submitted": _submitted,
    "case.dispatched": _dispatched,
    "case.closed": _closed,
    "case.withdrawn": _withdrawn,
    "clock.started": _started,
    "clock.breached": _breached,
    "clock.retracted": _retracted,
    "clock.changed": _changed,
    "case.marked": _marked,
}


def _responsible(event: Event) -> dict[str, Any]:
    # Until the case is dispatched, the centre answers for it.
    if event.data["unit"] is None:
        return {"unit": CENTRE, "unit_name": CENTRE_NAME}
    return {"unit": event.data["unit"], "unit_name": event.data["unit_name"] or event.data["unit"]}


def unit_of(event: Event) -> Unit:
    """The unit as `unit.changed` describes it."""
    data = event.data
    contacts = {
        post: Contact(name=given["name"], mobile=given["mobile"])
        for post, given in (data["contacts"] or {}).items()
        if given is not None
    }
    return Unit(code=data["code"], name=data["name"], active=data["active"], contacts=contacts)
