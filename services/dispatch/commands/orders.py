"""What a dispatch or a ruling asks for, checked against the organisation and the duty list."""

from typing import TypeVar

from services.dispatch.commands.reference import Reference
from services.dispatch.domain.case import Case
from services.dispatch.domain.dispatching import Order
from services.dispatch.domain.organisation import Organisation
from services.dispatch.domain.requests import Dispatch
from services.dispatch.errors import ClosedUnit, NoSuggestion, UnknownCategory, UnknownUnit

T = TypeVar("T")


def order_of(case: Case, request: Dispatch, reference: Reference) -> Order:
    """The whole order: what `request` leaves out stays as it was, except that the lead unit is no helper.

    Raises UnknownUnit, ClosedUnit, UnknownCategory, and NoSuggestion if nobody has said how complex the case is.
    """
    units = reference.organisation
    _check_unit(units, request.unit, "unit")
    helpers = _helpers(case, request)
    for helper in helpers:
        _check_unit(units, helper, "helpers")
    if request.category is not None and request.category not in reference.duties.categories():
        raise UnknownCategory("category")
    complexity = _or_as_it_was(request.complexity, case.complexity)
    if complexity is None:
        raise NoSuggestion
    return Order(
        unit=request.unit,
        unit_name=str(units.name_of(request.unit)),
        complexity=complexity,
        helpers=helpers,
        category=_or_as_it_was(request.category, case.category),
        priority=_or_as_it_was(request.priority, case.priority),
        sensitive=_or_as_it_was(request.sensitive, case.sensitive),
        restricted=_or_as_it_was(request.restricted, case.restricted),
    )


def _helpers(case: Case, request: Dispatch) -> tuple[str, ...]:
    if request.helpers is not None:
        return request.helpers
    known = case.helpers if case.unit else case.study.helpers if case.study else ()
    return tuple(code for code in known if code != request.unit)


def _or_as_it_was(asked: T | None, known: T) -> T:
    return known if asked is None else asked


def _check_unit(units: Organisation, code: str, field: str) -> None:
    if code not in units.units:
        raise UnknownUnit(field)
    if not units.can_receive(code):
        raise ClosedUnit(field)
