"""A case as dispatch knows it, and the facts that its steps cause.

Every step (`arrival`, `dispatching`, `handling`, `handing_back`, `merging`, `resident`) takes the case, what is asked
and `now` (aware UTC), and returns the new case and the facts it caused. A fact carries the case as it stood right after
it, so that its event shows that moment.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from services.dispatch.domain.states import State


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
class Case:
    """A case as dispatch knows it. All times are aware UTC, None until known; `round` counts the passes from 1."""

    number: str
    state: State = State.SUBMITTED
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


def raise_event(
    case: Case, type_: str, at: datetime, says: Mapping[str, Any] | None = None, noted: Mapping[str, Any] | None = None
) -> tuple[Case, list[Fact]]:
    """The case with one more event, and that event's fact."""
    case = replace(case, version=case.version + 1, revision=case.revision + 1)
    return case, [Fact(type_, case, at, says or {}, noted or {})]
