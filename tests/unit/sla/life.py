"""A case's life as it truly went, told by two sources, and the claim as a few lines of Python.

The claim in store/claim.py is SQL; `fire` says the same in the domain's own words. Service tests hold the two together.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chassis.envelope import Draft, Event, source_of
from chassis.inbox import Message
from chassis.testing import message
from services.sla import commands
from services.sla.case import Case, Marking
from services.sla.clock import Step, Turn, breach, warn
from services.sla.events import READS, drafts
from services.sla.mark import judge

NUMBER = "XA20261124000123"
START = datetime(2026, 11, 24, 8, tzinfo=UTC)
SCHEMAS = {key: schema() for key, schema in READS.items()}


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
        data = SCHEMAS[self.producer, draft.type].load(draft.data)
        return Event("", source, draft.type, draft.subject, draft.seq, 1, self.time, draft.subject, data)

    def message(self, **options: Any) -> Message:
        """As the broker delivers it."""
        return message(self.draft, self.producer, time=self.time, **options)


@dataclass
class Life:
    """What truly happened, in hours after the letter; None: not yet. `replies`: (replied, sent back) in order."""

    accepted: float | None = None
    refused: float | None = None
    dispatched: float | None = None
    contacted: float | None = None
    replies: list[tuple[float, float | None]] = field(default_factory=list)
    closed: float | None = None
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
        if self.contacted is not None:
            view |= {"contacted_at": _at(self.contacted)}
            says = {"state": "handling", "imported": self._was_contacted_before_import()}
            told.append(("case.contacted", self.contacted, view | says))
        for replied, sent_back in self.replies:
            view |= {"replied_at": _at(replied)}
            told.append(("case.replied", replied, view | {"state": "replied"}))
            if sent_back is not None:
                told.append(("case.sent_back", sent_back, view | {"state": "handling", "replied_at": None}))
        if self.closed is not None:
            told.append(("case.closed", self.closed, view | {"state": "closed", "closed_at": _at(self.closed)}))
        return self._numbered("dispatch", told)

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

    def of(self, kind: str) -> list[str]:
        """What was published of one clock, in order."""
        return [draft.type.removeprefix("clock.") for draft in self.published if draft.data.get("kind") == kind]


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
    mark, reason = judge(fired.risk, fired.time, closed=False, refused=False)
    marking = None if mark is case.mark else Marking(case.mark)
    version = case.version + len(steps) + (marking is not None)
    fired = replace(fired, mark=mark, reason=reason, version=version)
    # The claim knows no event: `at` of the mark is that of the last turn, and nothing it fires is silent.
    cause = Event("", "", "", case.number, 0, 1, now, case.number, {"at": steps[-1].at, "imported": False})
    return fired, drafts(case.version, fired, steps, marking, cause)
