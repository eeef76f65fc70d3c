"""Who sees a case, as scopes on its row (design 4.12), and who of those decides about it."""

from services.dispatch.domain.case import Case
from services.dispatch.domain.organisation import CENTRE
from services.dispatch.domain.states import VISIBLE

ABOVE_UNITS = ("centre", "leader", "supervisor")  # each sees every case, in rising order of who decides
# Objects of a letter that are not seen through a unit's scope but through one of their own.
LEADERS = "LEADERS"
OBJECT_SCOPES = {CENTRE: "centre", LEADERS: "leader"}


def seen_by(case: Case) -> tuple[str, ...]:
    """The scopes that may see the case, sorted (design 4.12).

    A restricted case is seen by its lead unit alone of all units, and never by those it is about; a case that intake
    has not accepted is seen by nobody here.
    """
    if case.state not in VISIBLE:
        return ()
    helpers: tuple[str, ...] = () if case.restricted else case.helpers
    units = {code for code in (case.unit, *helpers) if code and code not in case.about}
    offices = set(ABOVE_UNITS) - {OBJECT_SCOPES.get(code, "") for code in case.about}
    return tuple(sorted(offices | {f"unit:{code}" for code in units}))


def decider(case: Case) -> str:
    """The role that dispatches and reviews: the centre, or above it whoever the letter is not about."""
    seen = seen_by(case)
    return next(role for role in ABOVE_UNITS if role in seen)
