"""One case on its way through the units: what it is, what may be done with it, what each step causes.

Every function takes the case, what is asked and `now` (aware UTC), and returns the new case and the facts it caused.
A fact carries the case as it stood right after it, so that its event shows the state of that moment.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from services.dispatch.errors import ConcernedUnit, IllegalTransition, LeadIsHelper, PromiseInThePast

# What the resident's letter has become. `submitted` and `refused` are intake's to decide: dispatch keeps them unseen.
TRANSITIONS: dict[str, dict[str, str]] = {
    "submitted": {"accept": "waiting", "refuse": "refused"},
    "refused": {},
    "waiting": {"dispatch": "dispatched", "withdraw": "withdrawn", "merge": "merged"},
    "dispatched": {
        "acknowledge": "acknowledged", "hand_back": "handed_back", "name_handler": "dispatched",
        "withdraw": "withdrawn", "merge": "merged",
    },
    # R25: nothing is handled before the resident was told the process, so contact is the only way into `handling`.
    "acknowledged": {
        "contact": "handling", "hand_back": "handed_back", "name_handler": "acknowledged", "work": "acknowledged",
        "withdraw": "withdrawn", "merge": "merged",
    },
    "handed_back": {"rule": "dispatched", "withdraw": "withdrawn", "merge": "merged"},
    "handling": {
        "reply": "replied", "name_handler": "handling", "work": "handling", "withdraw": "withdrawn", "merge": "merged",
    },
    "replied": {"close": "closed", "send_back": "handling", "withdraw": "withdrawn"},
    # Its resident is answered when the case is that it went into.
    "merged": {"follow": "closed"},
    "closed": {"reopen": "handling"},
    "withdrawn": {},
}  # fmt: skip
STATES = tuple(TRANSITIONS)
VISIBLE = (
    "waiting", "dispatched", "acknowledged", "handed_back", "handling", "replied", "closed", "merged", "withdrawn",
)  # fmt: skip
# What is still to be done by somebody.
OPEN = ("waiting", "dispatched", "acknowledged", "handed_back", "handling", "replied")
# The name of a command for its caller: a review has two outcomes and is one command.
ASKED_AS = {"close": "review", "send_back": "review", "rule": "ruling", "name_handler": "handler"}
# Steps that no officer takes: intake decides, the resident wishes, the main case pulls.
NOT_ASKED = frozenset({"accept", "refuse", "withdraw", "reopen", "follow"})
OUTCOMES = ("solved", "explained")
MEANS = ("telephone", "sms", "visit")


@dataclass(frozen=True, slots=True)
class Letter:
    """What intake says about the case; `text` and `place` are masked there already."""

    channel: str = ""
    kind: str = ""
    text: str = ""
    place: str = ""
    community: str | None = None
    emergency: bool = False
    submitted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Study:
    """The result of triage (研判): what the matter is, who should lead, and the rule that says so."""

    rule: str
    suggestion: str | None = None
    helpers: tuple[str, ...] = ()
    category: str | None = None
    complexity: str | None = None
    priority: bool = False
    sensitive: bool = False
    about: tuple[str, ...] | None = None  # None: the letter is about no unit and no person; else it is restricted
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """The dispatch of a case that was open before Lianxin came: recorded as stated, never studied."""

    unit: str
    complexity: str
    dispatched_at: datetime
    contacted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A dispatch: the lead unit and what the centre found out about the matter."""

    unit: str
    unit_name: str
    complexity: str
    helpers: tuple[str, ...] = ()
    category: str | None = None
    priority: bool = False
    sensitive: bool = False
    restricted: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """A case as dispatch knows it. All times are aware UTC, None until known; `round` counts the passes from 1."""

    number: str
    state: str = "submitted"
    version: int = 0  # events raised so far
    revision: int = 0  # changes so far, for If-Match
    letter: Letter | None = None
    accepted_at: datetime | None = None
    imported: Imported | None = None
    study: Study | None = None
    unit: str | None = None
    unit_name: str | None = None
    helpers: tuple[str, ...] = ()
    category: str | None = None
    complexity: str | None = None
    priority: bool = False
    sensitive: bool = False
    restricted: bool = False
    about: tuple[str, ...] = ()  # units the letter complains about; they never see it
    dispatched_at: datetime | None = None
    acknowledged_at: datetime | None = None
    contacted_at: datetime | None = None
    promised_at: datetime | None = None
    replied_at: datetime | None = None
    closed_at: datetime | None = None
    process: str | None = None
    reply: str | None = None
    outcome: str | None = None
    round: int = 1
    sent_at: datetime | None = None  # to the present unit; `dispatched_at` is when the first unit got it
    handed_back_at: datetime | None = None  # since when it waits for a ruling
    handed_back_by: tuple[str, ...] = ()  # units that have handed it back, each once
    reopened_at: datetime | None = None
    withdrawn_at: datetime | None = None
    merged_into: str | None = None
    followers: tuple[str, ...] = ()  # cases merged into this one that wait for its answer
    handler: str | None = None  # who in the unit works on it; in no event
    same_telephone: tuple[str, ...] = ()  # numbers of other cases of those days from the same telephone


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened: the type of its event, when it happened, and what it says besides the view.

    `noted` stays in the work log and leaves in no event.
    """

    type: str
    case: Case
    at: datetime
    says: Mapping[str, Any] = field(default_factory=dict)
    noted: Mapping[str, Any] = field(default_factory=dict)


def legal_commands(state: str) -> list[str]:
    """The commands a caller may give in `state`, sorted, under the names they are asked by."""
    return sorted({ASKED_AS.get(c, c) for c in TRANSITIONS[state] if c not in NOT_ASKED})


def check_legal(case: Case, command: str) -> None:
    """Raises IllegalTransition unless the state of `case` allows `command`."""
    following(case, command)


def receive(case: Case, letter: Letter, same_telephone: tuple[str, ...] = ()) -> Case:
    """Intake has stored the letter. Nothing is studied before it is accepted as well."""
    return replace(case, letter=letter, same_telephone=same_telephone, revision=case.revision + 1)


def accept(case: Case, at: datetime, imported: Imported | None) -> Case:
    """Intake has accepted; `imported` carries a dispatch made before the import."""
    state = TRANSITIONS[case.state].get("accept", case.state)
    return replace(case, state=state, accepted_at=at, imported=imported, revision=case.revision + 1)


def refuse(case: Case) -> Case:
    """Intake has refused: the case leaves dispatch's sight."""
    state = TRANSITIONS[case.state].get("refuse", case.state)
    return replace(case, state=state, revision=case.revision + 1)


def is_ready_for_study(case: Case) -> bool:
    """Letter and acceptance are both here, in whatever order they came, and nobody has dispatched the case yet."""
    return case.state == "waiting" and case.letter is not None and case.accepted_at is not None and case.study is None


def triage(case: Case, study: Study, now: datetime) -> tuple[Case, list[Fact]]:
    """Records the study; an automatic one is left to `dispatch` to act upon."""
    case = replace(
        case,
        study=study,
        category=study.category,
        complexity=study.complexity,
        priority=study.priority,
        sensitive=study.sensitive,
        restricted=study.about is not None,
        about=study.about or (),
    )
    says = {"suggestion": study.suggestion, "rule": study.rule, "automatic": study.automatic}
    return tell(case, "case.triaged", now, says)


def dispatch(case: Case, order: Order, by: str, now: datetime) -> tuple[Case, list[Fact]]:
    """Sends the case to its lead unit (R22, R23). `by` is rule or centre.

    An order that lifts `restricted` says that the letter is about nobody. Raises IllegalTransition, LeadIsHelper,
    ConcernedUnit.
    """
    state = following(case, "dispatch")
    case = replace(sent(case, state, order, now), dispatched_at=now)
    return tell(case, "case.dispatched", now, {"dispatched_by": by, "imported": False, "forced": False})


def record_import(
    case: Case, stated: Imported, unit_name: str | None, about: tuple[str, ...] | None
) -> tuple[Case, list[Fact]]:
    """Records a dispatch, and the contact if there was one, with the times the import states.

    `about` is None for a letter about no unit and no person; the rule of who may see what spares no import.
    """
    case = replace(
        case,
        state="dispatched",
        unit=stated.unit,
        unit_name=unit_name,
        complexity=stated.complexity,
        restricted=about is not None,
        about=about or (),
        dispatched_at=stated.dispatched_at,
        sent_at=stated.dispatched_at,
    )
    says: dict[str, Any] = {"dispatched_by": "import", "imported": True, "forced": False}
    case, facts = tell(case, "case.dispatched", stated.dispatched_at, says)
    if stated.contacted_at is None:
        return case, facts
    case = replace(case, state="handling", contacted_at=stated.contacted_at)
    # What was said and how is unknown; that it was said is all the import states.
    says = {"process": "", "means": None, "promised_at": None, "imported": True}
    case, contacted = tell(case, "case.contacted", stated.contacted_at, says)
    return case, facts + contacted


def acknowledge(case: Case, now: datetime) -> tuple[Case, list[Fact]]:
    """The lead unit confirms receipt; no clock starts by it (domain.md B3). Raises IllegalTransition."""
    case = replace(case, state=following(case, "acknowledge"), acknowledged_at=now)
    return tell(case, "case.acknowledged", now)


def contact(
    case: Case, process: str, means: str, promised_at: datetime | None, now: datetime
) -> tuple[Case, list[Fact]]:
    """The resident was told the process and the date (R25). Raises IllegalTransition, PromiseInThePast."""
    state = following(case, "contact")
    if promised_at is not None and promised_at < now:
        raise PromiseInThePast("promised_at")
    case = replace(case, state=state, contacted_at=now, process=process, promised_at=promised_at)
    says = {"process": process, "means": means, "promised_at": promised_at, "imported": False}
    return tell(case, "case.contacted", now, says)


def reply(case: Case, text: str, now: datetime, media: tuple[str, ...] = ()) -> tuple[Case, list[Fact]]:
    """The unit answers, with intake's ids of photos; the centre has yet to review it. Raises IllegalTransition."""
    case = replace(case, state=following(case, "reply"), reply=text, replied_at=now)
    return tell(case, "case.replied", now, {"text": text}, {"media": list(media)} if media else {})


def close(case: Case, outcome: str, now: datetime) -> tuple[Case, list[Fact]]:
    """Review passed: closed, with the reply's own time standing for the unit (R50). Raises IllegalTransition."""
    case = replace(case, state=following(case, "close"), outcome=outcome, closed_at=now)
    return tell(case, "case.closed", now, {"outcome": outcome})


def send_back(case: Case, reason: str, now: datetime) -> tuple[Case, list[Fact]]:
    """Review failed: the unit handles on in the same round, without a valid reply. Raises IllegalTransition."""
    case = replace(case, state=following(case, "send_back"), reply=None, replied_at=None)
    return tell(case, "case.sent_back", now, {"reason": reason})


def release(case: Case) -> Case:
    """Nobody waits for this case's answer any more: it was given."""
    return replace(case, followers=())


def sent(case: Case, state: str, order: Order, now: datetime) -> Case:
    """The case on its way as `order` says. Raises LeadIsHelper, ConcernedUnit."""
    about = case.about if order.restricted else ()
    _check_units(order, about)
    return replace(
        case,
        state=state,
        unit=order.unit,
        unit_name=order.unit_name,
        helpers=order.helpers,
        category=order.category,
        complexity=order.complexity,
        priority=order.priority,
        sensitive=order.sensitive,
        restricted=order.restricted,
        about=about,
        sent_at=now,
    )


def _check_units(order: Order, about: tuple[str, ...]) -> None:
    if order.unit in order.helpers:
        raise LeadIsHelper("helpers")
    if order.unit in about:
        raise ConcernedUnit("unit")
    if set(order.helpers) & set(about):
        raise ConcernedUnit("helpers")


def following(case: Case, command: str) -> str:
    """The state after `command`. Raises IllegalTransition."""
    state = TRANSITIONS[case.state].get(command)
    if state is None:
        raise IllegalTransition(state=case.state, legal=legal_commands(case.state))
    return state


def tell(
    case: Case, type_: str, at: datetime, says: Mapping[str, Any] | None = None, noted: Mapping[str, Any] | None = None
) -> tuple[Case, list[Fact]]:
    """The case with one more event, and that event's fact."""
    case = replace(case, version=case.version + 1, revision=case.revision + 1)
    return case, [Fact(type_, case, at, says or {}, noted or {})]
