"""The centre's reception: letters that wait to be accepted, one or several at a time, also by keyboard."""

from collections.abc import Callable
from typing import Any, cast

from flask import Response, request
from marshmallow import ValidationError

from chassis import clock, pages, web
from chassis.masking import mask
from chassis.web.problems import Refusal
from services.intake import metrics
from services.intake.commands import deciding, identities, reception
from services.intake.domain.identity import Writer, masked_mobile, masked_name
from services.intake.domain.requests import RefusalRequest, RevealRequest
from services.intake.domain.resident_view import STAGE_NAMES
from services.intake.errors import IllegalTransition
from services.intake.front_door import context
from services.intake.pages.figures import figures
from services.intake.pages.media_access import files_for_officer
from services.intake.pages.wording import IDENTITY_NAMES, KIND_NAMES, REASONS
from services.intake.schemas.reception import RefuseSchema, RevealSchema

blueprint = pages.Blueprint("reception", __name__, url_prefix="/reception")


@blueprint.get("")
@pages.requires("centre")
def waiting() -> Response:
    """The letters that wait, possible dangers first."""
    with web.database().transaction() as tx:
        return pages.page("reception/queue.html", queue=reception.queue(tx), now=clock.now(tx), **_wording())


@blueprint.get("/count")
@pages.requires("centre")
def count() -> Response:
    """How many wait now: a fragment that the queue polls."""
    with web.database().transaction() as tx:
        return pages.fragment("reception/count.html", queue=reception.queue(tx))


@blueprint.post("/accept")
@pages.requires("centre")
def accept_several() -> Response:
    """Accepts the one whose button was pressed, or all that are ticked; what others have decided stays as it is."""
    one = request.form.get("one")
    if one:
        return _decided(lambda tx: deciding.accept(tx, one), "accept", f"{one} 已受理。")
    numbers = request.form.getlist("case")[: reception.PAGE]
    with web.database().transaction() as tx:
        accepted = reception.accept_several(tx, numbers)
    metrics.DECIDED.labels("accept").inc(accepted)
    return pages.back("/reception", f"已受理 {accepted} 件。")


@blueprint.get("/<number>")
@pages.requires("centre")
def read(number: str) -> Response:
    """One letter in full, its writer masked."""
    return _case(number)


@blueprint.post("/<number>/accept")
@pages.requires("centre")
def accept(number: str) -> Response:
    """Accepts the letter as it was read."""
    return _decided(lambda tx: deciding.accept(tx, number, _as_read), "accept", f"{number} 已受理。")


@blueprint.post("/<number>/refuse")
@pages.requires("centre")
def refuse(number: str) -> Response:
    """Refuses the letter as it was read, with the reason the resident is told."""
    try:
        refusal = cast(RefusalRequest, RefuseSchema().load({"reason": request.form.get("reason", "")}))
    except ValidationError:
        return _case(number, {"reason": "请选择不予受理的理由"}, 422)
    return _decided(lambda tx: deciding.refuse(tx, number, refusal.reason, _as_read), "refuse", f"{number} 不予受理。")


@blueprint.post("/<number>/reveal")
@pages.requires("centre")
def reveal(number: str) -> Response:
    """Shows full name and telephone once; the access log records who asked and why (X04)."""
    try:
        asked = cast(RevealRequest, RevealSchema().load({"reason": request.form.get("why", "")}))
    except ValidationError as error:
        return _case(number, {"why": pages.errors_of(error)["reason"]}, 422)
    with web.database().transaction() as tx:
        who = identities.reveal(tx, context(), number, web.caller().subject, mask(asked.reason))
    metrics.IDENTITIES_READ.labels("reveal").inc()
    return _case(number, revealed=who)


def _case(
    number: str, errors: dict[str, str] | None = None, status: int = 200, revealed: Writer | None = None
) -> Response:
    with web.database().transaction() as tx:
        opened, now = reception.opened(tx, context(), number), clock.now(tx)
        files, _ = files_for_officer(tx, number)
    return pages.page(
        "reception/case.html",
        status=status,
        opened=opened,
        case=opened.case,
        name=revealed.name if revealed else masked_name(opened.writer.name),
        mobile=revealed.mobile if revealed else masked_mobile(opened.writer.mobile),
        revealed=revealed is not None,
        figures=figures(files),
        now=now,
        typed=request.form,
        errors=errors or {},
        **_wording(),
    )


def _decided(command: Callable[[Any], Any], decision: str, message: str) -> Response:
    try:
        with web.database().transaction() as tx:
            command(tx)
    except IllegalTransition as refused:
        state = STAGE_NAMES[refused.data["state"]]
        return pages.back("/reception", f"这件诉求已由他人处理，现在是“{state}”。")
    metrics.DECIDED.labels(decision).inc()
    return pages.back("/reception", message)


def _as_read(revision: int) -> None:
    if request.form.get("revision") != str(revision):
        raise Refusal("stale", revision=revision)


def _wording() -> dict[str, Any]:
    settings = context().settings
    return {
        "kinds": KIND_NAMES,
        "identities": IDENTITY_NAMES,
        "reasons": REASONS,
        "states": STAGE_NAMES,
        "community": settings.community_name,
    }
