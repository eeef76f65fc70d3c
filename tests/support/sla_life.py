"""A case's life as it truly went, told by two sources, and the claim as a few lines of Python.

The claim in store/claim.py is SQL; `fire` says the same in the domain's own words. Service tests hold the two together.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chassis.delivery.envelope import Draft, Event, Message, source_of
from services.sla import commands
from services.sla.consumed import DispatchCase, IntakeCase
from services.sla.domain.case import Case, Marking
from services.sla.domain.clock import Step, Turn, breach, warn
from services.sla.domain.mark import judge
from services.sla.events import drafts
from tests.support.events import message

NUMBER = "XA20261124000123"
START = datetime(2026, 11, 24, 8, tzinfo=UTC)
SCHEMAS = {"intake": IntakeCase(), "dispatch": DispatchCase()}


def after(hours: float) -> datetime:
    """So many hours after the letter was written."""
    return START + timedelta(hours=hours)


@dataclass(frozen=True)
class Told:
    """One event as its producer published it."""

    producer: str
    draft: Draft
    time: datetime

    def event(self) -> Event:
        """As sla reads it."""
        draft, source = self.draft, source_of("xinan", self.producer)
        data = SCHEMAS[self.producer].load(draft.data)
        return Event("", source, draft.type, draft.subject, draft.seq, 1, self.time, draft.subject, data)

    def message(self, **options: Any) -> Message:
        """As the broker delivers it."""
        return message(self.draft, self.producer, time=self.time, **options)


@dataclass
class Life:
    """What truly happened, in hours after the letter; None: not yet. `replies`: (replied, sent back) in order.

    `handed_back`: (handed back, sent out again by ruling). `withdrawn` is heard of intake before acceptance, of dispatch
    after it. A merged case may be `followed`: closed with the case it became part of.
    """

    accepted: float | None = None
    refused: float | None = None
    dispatched: float | None = None
    contacted: float | None = None
    replies: list[tuple[float, float | None]] = field(default_factory=list)
    closed: float | None = None
    handed_back: tuple[float, float | None] | None = None
    again: "Again | None" = None
    withdrawn: float | None = None
    merged: float | None = None
    followed: float | None = None
    complexity: str = "simple"
    emergency: bool = False
    priority: bool = False
    restricted: bool = False
    helpers: tuple[str, ...] = ()
    unit: str = "C07"
    imported: float | None = None  # when all that had happened was imported
    number: str = NUMBER

    def intake(self) -> list[Told]:
        """What intake published."""
        view: dict[str, Any] = {"submitted_at": _at(0), "emergency": self.emergency, "imported": self._stated()}
        told = [("case.submitted", 0.0, dict(view))]
        if self.accepted is not None:
            view["accepted_at"] = _at(self.accepted)
            told.append(("case.accepted", self.accepted, dict(view)))
        if self.refused is not None:
            told.append(("case.refused", self.refused, view | {"refused_at": _at(self.refused)}))
        if self.withdrawn is not None and self.accepted is None:
            told.append(("case.withdrawn", self.withdrawn, dict(view)))
        return self._numbered("intake", told)

    def dispatch(self) -> list[Told]:
        """What dispatch published."""
        view: dict[str, Any] = {
            "unit": None,
            "unit_name": None,
            "helpers": list(self.helpers),
            "complexity": self.complexity,
            "priority": self.priority,
            "sensitive": False,
            "restricted": self.restricted,
        }
        told: list[tuple[str, float, dict[str, Any]]] = []
        if self.accepted is not None:
            told.append(("case.triaged", self.accepted, view | {"state": "waiting"}))
        if self.dispatched is not None:
            view |= {"unit": self.unit, "unit_name": f'{self.unit}"社区"', "dispatched_at": _at(self.dispatched)}
            says = {"state": "dispatched", "imported": self.imported is not None}
            told.append(("case.dispatched", self.dispatched, view | says))
        if self.handed_back is not None:
            told += self._handed_back(view, *self.handed_back)
        if self.contacted is not None:
            view |= {"contacted_at": _at(self.contacted)}
            says = {"state": "handling", "imported": self._was_contacted_before_import()}
            told.append(("case.contacted", self.contacted, view | says))
        told += _answered(view, self.replies, self.closed)
        if self.again is not None:
            view |= {"reopened_at": _at(self.again.reopened), "round": 2, "replied_at": None}
            told.append(("case.reopened", self.again.reopened, view | {"state": "handling"}))
            told += _answered(view, self.again.replies, self.again.closed)
        told += self._left(view)
        return self._numbered("dispatch", told)

    def _handed_back(self, view: dict[str, Any], at: float, ruled: float | None) -> list["Raw"]:
        """A ruling sends the case out again; when it was dispatched first stays."""
        told: list[Raw] = [("case.handed_back", at, view | {"state": "handed_back"})]
        if ruled is not None:
            told.append(("case.dispatched", ruled, view | {"state": "dispatched"}))
        return told

    def _left(self, view: dict[str, Any]) -> list["Raw"]:
        told: list[Raw] = []
        if self.withdrawn is not None and self.accepted is not None:
            told.append(("case.withdrawn", self.withdrawn, view | {"state": "withdrawn"}))
        if self.merged is not None:
            told.append(("case.merged", self.merged, view | {"state": "merged"}))
        if self.followed is not None and self.contacted is None:
            view |= {"contacted_at": _at(self.followed)}
            told.append(("case.contacted", self.followed, view | {"state": "merged"}))
        if self.followed is not None:
            told += _answered(view, [(self.followed, None)], self.followed)
        return told

    def in_order(self) -> list[Told]:
        """Both sources, as it happened."""
        return sorted(self.intake() + self.dispatch(), key=lambda told: told.time)

    def _stated(self) -> dict[str, Any] | None:
        if self.imported is None:
            return None
        contacted = self.contacted if self._was_contacted_before_import() else None
        return {
            "accepted_at": _at(self.accepted),
            "dispatched_at": _at(self.dispatched),
            "contacted_at": _at(contacted),
        }

    def _was_contacted_before_import(self) -> bool:
        return self.imported is not None and self.contacted is not None and self.contacted <= self.imported

    def _numbered(self, producer: str, told: list[tuple[str, float, dict[str, Any]]]) -> list[Told]:
        return [
            Told(
                producer,
                Draft(type_, self.number, seq, {"at": _at(at), "number": self.number, **data}),
                after(at if self.imported is None else max(at, self.imported)),
            )
            for seq, (type_, at, data) in enumerate(told, 1)
        ]


Raw = tuple[str, float, dict[str, Any]]


@dataclass
class Again:
    """The second round of a case."""

    reopened: float
    replies: list[tuple[float, float | None]] = field(default_factory=list)
    closed: float | None = None


def _answered(view: dict[str, Any], replies: list[tuple[float, float | None]], closed: float | None) -> list[Raw]:
    told: list[Raw] = []
    for replied, sent_back in replies:
        view |= {"replied_at": _at(replied)}
        told.append(("case.replied", replied, view | {"state": "replied"}))
        if sent_back is not None:
            view |= {"replied_at": None}
            told.append(("case.sent_back", sent_back, view | {"state": "handling"}))
    if closed is not None:
        told.append(("case.closed", closed, view | {"state": "closed", "closed_at": _at(closed)}))
    return told


def _at(hours: float | None) -> str | None:
    return None if hours is None else after(hours).isoformat()


@dataclass
class Sla:
    """The service with one case in it."""

    case: Case | None = None
    published: list[Draft] = field(default_factory=list)

    def hear(self, told: Told, now: datetime | None = None) -> "Sla":
        self.case, published = commands.fold(self.case, told.event(), now or told.time)
        self.published += published
        return self

    def fire(self, now: datetime) -> "Sla":
        """What the claim does to this case when the time is `now`."""
        if self.case is not None:
            self.case, fired = fire(self.case, now)
            self.published += fired
        return self

    def wait(self, until: datetime) -> "Sla":
        """Lets the time pass, every clock firing the moment it is due."""
        while self.case is not None:
            due = [clock.next_at for clock in self.case.clocks.values() if clock.next_at is not None]
            if not due or min(due) > until:
                break
            self.fire(min(due))
        return self

    def tell(self, life: Life, until: float = 1000) -> "Sla":
        """Everything in order, the clocks firing on time in between."""
        for told in life.in_order():
            self.wait(told.time).hear(told)
        return self.wait(after(until))

    def said(self, *names: str) -> list[tuple[Any, ...]]:
        """The published events: type and the data asked for."""
        return [(draft.type, *(draft.data.get(name) for name in names)) for draft in self.published]

    def of(self, kind: str, gen: int = 1) -> list[str]:
        """What was published of one clock, in order."""
        return [
            draft.type.removeprefix("clock.")
            for draft in self.published
            if (draft.data.get("kind"), draft.data.get("gen")) == (kind, gen)
        ]


def fire(case: Case, now: datetime) -> tuple[Case, list[Draft]]:
    """The claim, in words: yellow before red, each once, and the mark that follows."""
    steps: list[Step] = []
    clocks = dict(case.clocks)
    for kind, clock in case.clocks.items():
        if clock.next_at is None or clock.next_at > now:
            continue
        if clock.warned_at is None:
            clock = warn(clock)
            steps.append(Step(Turn.WARNED, clock, clock.warned_at))
        if clock.due <= now:
            clock = breach(clock)
            steps.append(Step(Turn.BREACHED, clock, clock.breached_at))
        clocks[kind] = clock
    if not steps:
        return case, []
    steps.sort(key=lambda step: (step.at, step.clock.kind, step.turn is Turn.BREACHED))
    fired = replace(case, clocks=clocks)
    mark, reason = judge(fired.risk, fired.time, closed=False, watched=True)
    marking = None if mark is case.mark else Marking(case.mark)
    version = case.version + len(steps) + (marking is not None)
    fired = replace(fired, mark=mark, reason=reason, version=version)
    # The claim knows no event: `at` of the mark is that of the last turn, and nothing it fires is silent.
    cause = Event("", "", "", case.number, 0, 1, now, case.number, {"at": steps[-1].at, "imported": False})
    return fired, drafts(case.version, fired, steps, marking, cause)
