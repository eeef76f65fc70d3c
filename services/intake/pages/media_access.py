"""Whether whoever asks may see or add to a case's photos and videos.

Nothing is open by default: whoever may not see a file, or a case, is told that it does not exist.
"""

from chassis.database import Connection
from chassis.web.callers import identified
from services.intake.domain.media import Media
from services.intake.domain.media_access import Visibility, officer_sees, resident_sees
from services.intake.domain.numbering import as_typed
from services.intake.errors import MediaNotFound
from services.intake.media.commands import case_files
from services.intake.pages import visit

OFFICERS = ("centre", "unit", "leader", "supervisor")
WORKING = frozenset({"dispatched", "acknowledged", "handling", "replied"})
"""Dispatch's states in which a unit adds to its work log."""


def files_for_officer(tx: Connection, number: str) -> tuple[list[Media], Visibility]:
    """The case's files for the officer who asks. Raises MediaNotFound if there is no such case for them."""
    files, visibility = case_files.of_case(tx, as_typed(number))
    who = identified()
    if not officer_sees(visibility, who.roles, who.unit, who.scopes):
        raise MediaNotFound()
    return files, visibility


def files_for_resident(tx: Connection, number: str) -> list[Media]:
    """What the resident of the case sees of its files. Raises MediaNotFound."""
    files, visibility = case_files.of_case(tx, number)
    return [each for each in files if resident_sees(each, visibility)]


def may_see(media: Media, visibility: Visibility) -> bool:
    """Whether the officer, or the telephone that holds the case, may see this file."""
    who = identified()
    if who.subject and officer_sees(visibility, who.roles, who.unit, who.scopes):
        return True
    return media.number == visit.current_number() and resident_sees(media, visibility)


def may_add(visibility: Visibility) -> bool:
    """Whether the officer's unit may add files to the work log of this case now."""
    who = identified()
    leads_or_helps = who.unit in (visibility.unit, *visibility.helpers)
    return "unit" in who.roles and leads_or_helps and visibility.state in WORKING
