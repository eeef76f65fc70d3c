"""A case is sent to its lead unit and its helpers."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.dispatch.domain.case import Case, Fact, raise_event
from services.dispatch.domain.states import State, next_state
from services.dispatch.errors import ConcernedUnit, LeadIsHelper


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


def dispatch(case: Case, order: Order, by: str, now: datetime) -> tuple[Case, list[Fact]]:
    """Sends the case to its lead unit (R22, R23). `by` is rule or centre.

    An order that lifts `restricted` says that the letter is about nobody. Raises IllegalTransition, LeadIsHelper,
    ConcernedUnit.
    """
    state = next_state(case.state, "dispatch")
    case = replace(sent(case, state, order, now), dispatched_at=now)
    return raise_event(case, "case.dispatched", now, {"dispatched_by": by, "imported": False, "forced": False})


def sent(case: Case, state: State, order: Order, now: datetime) -> Case:
    """The case in `state`, with the units and findings of `order`. Raises LeadIsHelper, ConcernedUnit."""
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
