"""What a dispatch or a ruling asks for, checked against organisation and duty list."""

from collections.abc import Mapping
from typing import Any

from services.dispatch.commands.reference import Reference
from services.dispatch.domain.case import Case, Order
from services.dispatch.domain.organisation import Organisation
from services.dispatch.errors import ClosedUnit, UnknownCategory, UnknownUnit


def order(case: Case, wish: Mapping[str, Any], reference: Reference) -> Order:
    """The order that `wish` is; what it leaves out stays. Raises UnknownUnit, ClosedUnit, UnknownCategory."""
    units = reference.organisation
    helpers = tuple(wish.get("helpers", case.study.helpers if case.study else ()))
    _check_unit(units, wish["unit"], "unit")
    for helper in helpers:
        _check_unit(units, helper, "helpers")
    category = wish.get("category", case.category)
    if "category" in wish and category not in reference.duties.categories():
        raise UnknownCategory("category")
    return Order(
        unit=wish["unit"],
        unit_name=str(units.name_of(wish["unit"])),
        complexity=wish["complexity"],
        helpers=helpers,
        category=category,
        priority=wish.get("priority", case.priority),
        sensitive=wish.get("sensitive", case.sensitive),
        restricted=wish.get("restricted", case.restricted),
    )


def _check_unit(units: Organisation, code: str, field: str) -> None:
    if code not in units.units:
        raise UnknownUnit(field)
    if not units.can_receive(code):
        raise ClosedUnit(field)
