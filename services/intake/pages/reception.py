"""The reception of the centre: letters that wait to be accepted, one or many at a time, by keyboard too."""

from collections.abc import Callable
from typing import Any, cast

from flask import Response, current_app, request
from marshmallow import Schema, ValidationError

from chassis import clock, pages, web
from chassis.masking import mask
from chassis.web.problems import Refusal
from services.intake import metrics, schemas
from services.intake.commands import cases as commands
from services.intake.commands import reception
from services.intake.commands.cases import Intake
from services.intake.domain.case import Reason
from services.intake.domain.identity import Writer, masked_mobile, masked_name
from services.intake.domain.resident_view import STAGE_NAMES
from services.intake.errors import IllegalTransition
from services.intake.pages import media as media_pages
from services.intake.pages.wording import IDENTITY_NAMES, KIND_NAMES, REASONS

blueprint = pages.Blueprint("reception", __name__, url_prefix="/reception")


@blueprint.get("")
@pages.requires("centre")
def waiting() -> Response:
    """What waits, possible dangers first."""
    with web.database().transaction() as tx:
        return pages.page("reception/queue.html", queue=reception.queue(tx), now=clock.now(tx), **_words())


@blueprint.get("/count")
@pages.requires("centre")
def count() -> Response:
    """How many wait now: a fragment that the queue asks for again and again."""
    with web.database().transaction() as tx:
        return pages.fragment("reception/count.html", queue=reception.queue(tx))


@blueprint.post("/accept")
@pages.requires("centre")
def accept_several() -> Response:
    """Accepts the one whose button was pressed, or all that are ticked; what others have decided is left alone."""
    one = request.form.get("one")
    if one:
        return _decided(lambda tx: commands.accept(tx, one), "accept", f"{one} 已受理。")
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
    return _decided(lambda tx: commands.accept(tx, number, _as_read), "accept", f"{number} 已受理。")


@blueprint.post("/<number>/refuse")
@pages.requires("centre")
def refuse(number: str) -> Response:
    """Refuses the letter as it was read, with the reason the resident is told."""
    try:
        body = cast(Schema, schemas.RefuseSchema()).load({"reason": request.form.get("reason", "")})
    except ValidationError:
        return _case(number, {"reason": "请选择不予受理的理由"}, 422)
    reason = Reason(body["reason"])
    return _decided(lambda tx: commands.refuse(tx, number, reason, _as_read), "refuse", f"{number} 不予受理。")


@blueprint.post("/<number>/reveal")
@pages.requires("centre")
def reveal(number: str) -> Response:
    """Full name and telephone, once; who asked and why stays in the access log (X04)."""
    try:
        body = cast(Schema, schemas.RevealSchema()).load({"reason": request.form.get("why", "")})
    except ValidationError as error:
        return _case(number, {"why": pages.errors_of(error)["reason"]}, 422)
    with web.database().transaction() as tx:
        who = commands.reveal(tx, _house(), number, web.caller().subject, mask(body["reason"]))
    metrics.IDENTITIES_READ.labels("reveal").inc()
    return _case(number, revealed=who)


def _case(
    number: str, errors: dict[str, str] | None = None, status: int = 200, revealed: Writer | None = None
) -> Response:
    with web.database().transaction() as tx:
        opened, now = reception.opened(tx, _house(), number), clock.now(tx)
        figures = media_pages.figures(media_pages.seen_by_officer(tx, number)[0])
    return pages.page(
        "reception/case.html",
        status=status,
        opened=opened,
        case=opened.case,
        name=revealed.name if revealed else masked_name(opened.writer.name),
        mobile=revealed.mobile if revealed else masked_mobile(opened.writer.mobile),
        revealed=revealed is not None,
        figures=figures,
        now=now,
        typed=request.form,
        errors=errors or {},
        **_words(),
    )


def _decided(command: Callable[[Any], Any], decision: str, said: str) -> Response:
    try:
        with web.database().transaction() as tx:
            command(tx)
    except IllegalTransition as refused:
        state = STAGE_NAMES[refused.data["state"]]
        return pages.back("/reception", f"这件诉求已由他人处理，现在是“{state}”。")
    metrics.DECIDED.labels(decision).inc()
    return pages.back("/reception", said)


def _as_read(revision: int) -> None:
    if request.form.get("revision") != str(revision):
        raise Refusal("stale", revision=revision)


def _words() -> dict[str, Any]:
    settings = _house().settings
    return {
        "kinds": KIND_NAMES,
        "identities": IDENTITY_NAMES,
        "reasons": REASONS,
        "states": STAGE_NAMES,
        "community": settings.community_name,
    }


def _house() -> Intake:
    return cast(Intake, current_app.extensions["intake"])
