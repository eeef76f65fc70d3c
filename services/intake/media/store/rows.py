"""How a file lies in its row, and in which states a command may change it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from services.intake.domain.media import Capture, Kind, Media, Reason, Stage, State, states_before
from services.intake.domain.media_access import Visibility

COLUMNS = """m.id, m.kind, m.state, m.reason, m.size, m.ends, m.consent, m.created_at, m.number, m.stage, m.unit,
    m.bound_at, m.taken_at, m.latitude, m.longitude, m.width, m.height, m.seconds, m.sizes"""


def legal_states(command: str) -> str:
    """The states in which `command` is legal, as SQL: 'uploading', 'checking'."""
    return ", ".join(f"'{state}'" for state in states_before(command))


def media_of(row: Row[Any]) -> Media:
    return Media(
        id=row.id,
        kind=Kind(row.kind),
        state=State(row.state),
        size=row.size,
        consent=row.consent,
        created_at=row.created_at,
        ends=tuple(row.ends),
        reason=Reason(row.reason) if row.reason else None,
        number=row.number,
        stage=Stage(row.stage) if row.stage else None,
        unit=row.unit,
        bound_at=row.bound_at,
        capture=Capture(row.taken_at, row.latitude, row.longitude),
        width=row.width,
        height=row.height,
        seconds=row.seconds,
        sizes=row.sizes or {},
    )


def visibility_of(handling: Mapping[str, Any] | None) -> Visibility:
    if not handling:
        return Visibility()
    scopes = handling.get("scopes")
    return Visibility(
        handling["state"],
        handling["unit"],
        None if scopes is None else tuple(scopes),
        tuple(handling.get("helpers") or ()),
        bool(handling.get("restricted")),
    )
