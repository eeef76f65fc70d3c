"""A case while intake decides about it: submitted, then accepted, refused or withdrawn.

After `accepted`, dispatch decides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from services.intake.domain.emergency import Alarm
from services.intake.errors import IllegalTransition
from services.limits import LIMITS


class State(StrEnum):
    SUBMITTED = "submitted"  # 待受理
    ACCEPTED = "accepted"  # 已受理
    REFUSED = "refused"  # 不予受理
    WITHDRAWN = "withdrawn"  # 已撤回, before anybody had decided


class Kind(StrEnum):
    """诉求类型, the six of the hotline practice (domain.md B1, DB12/T 1438)."""

    INQUIRY = "inquiry"  # 咨询
    HELP = "help"  # 求助
    COMPLAINT = "complaint"  # 投诉
    REPORT = "report"  # 举报
    SUGGESTION = "suggestion"  # 建议
    PRAISE = "praise"  # 表扬


class Channel(StrEnum):
    """How the case came in; exactly one (R17)."""

    MAILBOX = "mailbox"
    HOTLINE = "hotline"
    NIGHT_TALK = "night_talk"
    WALK_IN = "walk_in"
    OPEN311 = "open311"
    IMPORT = "import"


class Reason(StrEnum):
    """Why a case is refused; told to the resident (R20)."""

    NOT_IN_SCOPE = "not_in_scope"
    EMERGENCY_SERVICE = "emergency_service"
    LEGAL_PROCEDURE = "legal_procedure"
    DUPLICATE = "duplicate"
    NO_CONTENT = "no_content"


class AcceptedBy(StrEnum):
    RULE = "rule"
    CENTRE = "centre"
    IMPORT = "import"


TRANSITIONS: Mapping[State, Mapping[str, State]] = {
    State.SUBMITTED: {"accept": State.ACCEPTED, "refuse": State.REFUSED, "withdraw": State.WITHDRAWN},
    State.ACCEPTED: {},
    State.REFUSED: {},
    State.WITHDRAWN: {},
}

ACCEPT_WITHIN = LIMITS["accept"]


@dataclass(frozen=True, slots=True)
class Statement:
    """What the resident wrote; nothing in it says who wrote it."""

    kind: Kind
    description: str
    place: str
    community: str | None
    identity: str
    channel: Channel = Channel.MAILBOX

    @property
    def excerpt(self) -> str:
        """The opening words, for a list."""
        return self.description[:60]


@dataclass(frozen=True, slots=True)
class Imported:
    """What had happened to an open case before it was imported; times in UTC."""

    accepted_at: datetime
    dispatched_at: datetime
    contacted_at: datetime | None
    unit: str
    complexity: str


@dataclass(frozen=True, slots=True)
class Case:
    """`version` counts the events published, `revision` every change (If-Match). Times in UTC."""

    number: str
    statement: Statement
    submitted_at: datetime
    alarm: Alarm | None = None
    state: State = State.SUBMITTED
    accepted_at: datetime | None = None
    refused_at: datetime | None = None
    reason: Reason | None = None
    imported: Imported | None = None
    version: int = 0
    revision: int = 0
    withdrawn_at: datetime | None = None
    withdrawal_asked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Raised:
    """An event the case caused: its type, the version it produced, and the view at that moment plus what changed."""

    type: str
    number: str
    version: int
    data: Mapping[str, Any]


Change = tuple[Case, list[Raised]]


def submit(
    statement: Statement,
    number: str,
    at: datetime,
    alarm: Alarm | None,
    imported: Imported | None = None,
    same_telephone: Sequence[str] = (),
) -> Change:
    """A new case, submitted `at` (UTC). `same_telephone`: numbers of the writer's other recent cases."""
    case = Case(number, statement, at, alarm, imported=imported)
    return raised(
        case,
        "case.submitted",
        at,
        text=statement.description,
        place=statement.place,
        emergency_words=list(alarm.words) if alarm else [],
        imported=imported,
        same_telephone=list(same_telephone),
    )


def accept(case: Case, by: AcceptedBy, at: datetime) -> Change:
    """Accept the case `at` (UTC). Raises IllegalTransition."""
    accepted = replace(case, state=_following(case, "accept"), accepted_at=at)
    return raised(accepted, "case.accepted", at, accepted_by=by, imported=case.imported)


def refuse(case: Case, reason: Reason, at: datetime) -> Change:
    """Refuse the case `at` (UTC) with the reason the resident is told (R20). Raises IllegalTransition."""
    refused = replace(case, state=_following(case, "refuse"), refused_at=at, reason=reason)
    return raised(refused, "case.refused", at, reason=reason)


def withdraw(case: Case, at: datetime) -> Change:
    """The resident withdraws the letter before anybody has decided (`at` in UTC). Raises IllegalTransition."""
    withdrawn = replace(case, state=_following(case, "withdraw"), withdrawn_at=at)
    return raised(withdrawn, "case.withdrawn", at)


def may_accept_automatically(case: Case) -> bool:
    """Whether the rule may accept the case; an emergency is always judged by a person (X16)."""
    return case.alarm is None


def view(case: Case) -> dict[str, Any]:
    """What every event of intake carries: all that other services may know of the case."""
    return {
        "number": case.number,
        "channel": case.statement.channel,
        "kind": case.statement.kind,
        "identity": case.statement.identity,
        "community": case.statement.community,
        "emergency": case.alarm is not None,
        "state": case.state,
        "submitted_at": case.submitted_at,
        "accepted_at": case.accepted_at,
        "refused_at": case.refused_at,
        "withdrawn_at": case.withdrawn_at,
    }


def _following(case: Case, command: str) -> State:
    legal = TRANSITIONS[case.state]
    if command not in legal:
        raise IllegalTransition(state=str(case.state), legal=sorted(legal))
    return legal[command]


def raised(case: Case, type: str, at: datetime, **changed: Any) -> Change:
    """The case one version later, and the event that says what changed `at` (UTC)."""
    case = replace(case, version=case.version + 1, revision=case.revision + 1)
    return case, [Raised(type, case.number, case.version, view(case) | changed | {"at": at})]
