"""A role chosen instead of a login, where there are no accounts (PROFILE=dev or demo)."""

from flask import Response, request
from marshmallow import ValidationError

from chassis import pages, web
from chassis.errors import DomainError
from services.dispatch.login.commands import Person
from services.dispatch.login.domain import account as accounts
from services.dispatch.login.errors import StepExpired
from services.dispatch.login.pages.blueprint import FIRST_PAGE, blueprint
from services.dispatch.login.pages.login_page import login_page, may_choose
from services.dispatch.login.pages.session import enter
from services.dispatch.login.schemas import RoleForm


@blueprint.route("/login/role", methods=["POST"])
def choose_role() -> Response:
    """Begins a session in the chosen role. Raises StepExpired where roles are not chosen."""
    goes_to = pages.local(request.form.get("next"), FIRST_PAGE)
    with web.database().transaction() as tx:
        if not may_choose(tx):
            raise StepExpired
    try:
        chosen = RoleForm().load(request.form)
        unit = {"unit": chosen["unit"] or None, "centre": "CENTRE"}.get(chosen["role"])
        accounts.check_roles((chosen["role"],), unit)
    except (ValidationError, DomainError):
        return login_page(goes_to, errors={"unit": "请选择单位"}, status=422)
    subject = f"dev:{chosen['role']}:{unit or '-'}"
    return enter(Person(subject, subject, (chosen["role"],), unit), goes_to)
