"""A warning letter: proposed because of a breach, signed by a leader, issued once printed, acknowledged by the unit."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from services.notify.domain.case import Breach
from services.notify.errors import IllegalTransition


class State(StrEnum):
    PROPOSED = "proposed"  # 待签发
    SIGNED = "signed"  # numbered, and waiting for the printer
    ISSUED = "issued"  # 待签收
    ACKNOWLEDGED = "acknowledged"  # 已签收
    VOIDED = "voided"  # never signed


TRANSITIONS: Mapping[State, Mapping[str, State]] = {
    State.PROPOSED: {"sign": State.SIGNED, "decline": State.VOIDED, "retract": State.VOIDED},
    # A signed letter has its number, and the series may have no gap: nothing takes it back.
    State.SIGNED: {"issue": State.ISSUED},
    State.ISSUED: {"acknowledge": State.ACKNOWLEDGED},
    State.ACKNOWLEDGED: {},
    State.VOIDED: {},
}
REPORT_WITHIN = timedelta(days=3)
"""How long the unit has to reply in writing (domain.md B5; 3 days, as for a complex matter)."""
_NAMESPACE = uuid.UUID("0c5c6f0a-97f2-5d4b-8f0e-0f6c7b1f5d20")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Key (case, kind, gen) of the breach. `version` counts the events published, `revision` every change.

    All times are aware UTC. `number` is its number in the series, None until signed. Of a voided letter, `cause` is
    `declined` or `retracted`, and `reason` is what the leader wrote.
    """

    id: str
    case: str
    kind: str
    gen: int
    unit: str
    unit_name: str
    complexity: str
    started_at: datetime
    due: datetime
    breached_at: datetime
    restricted: bool = False
    state: State = State.PROPOSED
    version: int = 0
    revision: int = 1
    proposed_at: datetime
    number: str | None = None
    signed_by: str | None = None
    signed_at: datetime | None = None
    issued_at: datetime | None = None
    acknowledged_at: datetime | None = None
    voided_at: datetime | None = None
    cause: str | None = None
    reason: str | None = None
    sha256: str | None = None

    @property
    def scopes(self) -> tuple[str, ...]:
        """Who may see it: the centre, leaders and supervisors always, the unit once it is issued."""
        always = ("centre", "leader", "supervisor")
        return (*always, f"unit:{self.unit}") if self.state in (State.ISSUED, State.ACKNOWLEDGED) else always


def legal(state: State) -> tuple[str, ...]:
    """The commands that are legal in `state`."""
    return tuple(TRANSITIONS[state])


def is_legal(letter: Letter, command: str) -> bool:
    """True if `command` may be given to `letter`."""
    return command in TRANSITIONS[letter.state]


def require_legal(letter: Letter, command: str) -> None:
    """Raises IllegalTransition unless `command` may be given to `letter`."""
    if not is_legal(letter, command):
        raise IllegalTransition(state=letter.state, legal=list(legal(letter.state)))


def propose(case: str, breach: Breach, restricted: bool, now: datetime) -> Letter:
    """The one letter of a breach. Its id is derived from its key, so proposing it twice gives the same letter."""
    return Letter(
        id=str(uuid.uuid5(_NAMESPACE, f"{case} {breach.kind} {breach.gen}")),
        case=case,
        kind=breach.kind,
        gen=breach.gen,
        unit=breach.unit,
        unit_name=breach.unit_name,
        complexity=breach.complexity,
        started_at=breach.started_at,
        due=breach.due,
        breached_at=breach.breached_at,
        restricted=restricted,
        proposed_at=now,
        version=1,
    )


def sign(letter: Letter, number: str, by: str, now: datetime) -> Letter:
    """Signed by the leader `by` under `number`. Nothing is published yet: there is no document to show.

    This and every command below raises IllegalTransition.
    """
    return _moved(letter, "sign", publishes=False, number=number, signed_by=by, signed_at=now)


def issue(letter: Letter, sha256: str, now: datetime) -> Letter:
    """Printed to the unit's folder; `sha256` is the hash of the file's bytes."""
    return _moved(letter, "issue", sha256=sha256, issued_at=now)


def acknowledge(letter: Letter, now: datetime) -> Letter:
    """The unit confirms receipt."""
    return _moved(letter, "acknowledge", acknowledged_at=now)


def decline(letter: Letter, reason: str, now: datetime) -> Letter:
    """The leader refuses to sign, for `reason`."""
    return _moved(letter, "decline", cause="declined", reason=reason, voided_at=now)


def retract(letter: Letter, now: datetime) -> Letter:
    """The breach was retracted before anyone signed."""
    return _moved(letter, "retract", cause="retracted", reason=None, voided_at=now)


def _moved(letter: Letter, command: str, *, publishes: bool = True, **changes: object) -> Letter:
    require_legal(letter, command)
    changed: Letter = replace(letter, **changes)  # type: ignore[arg-type]
    return replace(
        changed,
        state=TRANSITIONS[letter.state][command],
        version=letter.version + publishes,
        revision=letter.revision + 1,
    )
