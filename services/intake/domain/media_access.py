"""Who may see the photos and videos of a case."""

from collections.abc import Collection
from dataclasses import dataclass

from services.intake.domain.media import Media, Stage

OVERSIGHT_ROLES = frozenset({"centre", "leader", "supervisor"})
ANSWERED = frozenset({"replied", "closed"})
"""Dispatch's states in which the resident sees the unit's photos."""


@dataclass(frozen=True, slots=True)
class Visibility:
    """What decides who may see a case's media: dispatch's view of the case, empty until dispatch publishes one."""

    state: str | None = None
    unit: str | None = None
    scopes: tuple[str, ...] | None = None
    helpers: tuple[str, ...] = ()
    restricted: bool = False


def officer_sees(visibility: Visibility, roles: Collection[str], unit: str | None, scopes: Collection[str]) -> bool:
    """Whether an officer may see the case's media; once dispatch has published scopes, they alone decide."""
    if visibility.scopes is not None:
        return bool(set(visibility.scopes) & set(scopes))
    if OVERSIGHT_ROLES & set(roles):
        return True
    units = {visibility.unit, *(() if visibility.restricted else visibility.helpers)} - {None}
    return "unit" in roles and unit in units


def resident_sees(media: Media, visibility: Visibility) -> bool:
    """Whether the case's resident may see the file; the unit's own photos only once the case is answered."""
    return media.stage is not Stage.WORK or visibility.state in ANSWERED
