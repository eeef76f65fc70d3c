"""What the holder of a case sees of it and may still do: add to it, withdraw it, rate how it ended."""

from dataclasses import asdict
from typing import Any, cast

from flask import Response, request
from marshmallow import ValidationError

from chassis import clock, pages, web
from chassis.errors import DomainError
from services.intake import metrics
from services.intake.commands import holder, looking_up
from services.intake.domain.media import Stage
from services.intake.domain.numbering import as_typed
from services.intake.domain.requests import RatingRequest, SupplementRequest
from services.intake.domain.resident_view import GRADE_NAMES
from services.intake.errors import SENTENCES, CaseNotFound
from services.intake.front_door import context, media_context
from services.intake.media.commands import case_files
from services.intake.media.context import format_handles
from services.intake.pages import attachments, visit
from services.intake.pages.figures import figures
from services.intake.pages.media_access import files_for_resident
from services.intake.schemas.residents import RatingSchema, SupplementSchema

blueprint = pages.Blueprint("holder", __name__)

ADDED, RATED = "已收到您的补充。", "谢谢您的评价。"
WITHDRAWN, ASKED = "诉求已撤回。", "已收到您的撤回申请，处理后会在这里告诉您。"


@blueprint.route("/progress")
def progress() -> Response:
    """How the case stands, or the form that asks for number and code."""
    return _question({}) if visit.current_number() is None else _case()


@blueprint.route("/progress", methods=["POST"])
def look_up() -> Response:
    """Checks number and code; a wrong code and an unknown number look the same and are counted."""
    typed = {name: request.form.get(name, "").strip()[:64] for name in ("number", "code")}
    number = as_typed(typed["number"])
    with web.database().transaction() as tx:
        view = looking_up.look_up(tx, context(), number, typed["code"], web.client_address())
    if view is None:
        return _question(typed, {"number": SENTENCES[CaseNotFound.code]}, 422)
    return visit.open_case(pages.back("/progress"), number)


@blueprint.route("/progress/leave", methods=["POST"])
def leave() -> Response:
    """Forgets the case on this telephone, which others may use too."""
    answer = pages.back("/progress", "已退出查询。")
    pages.drop_cookie(answer, visit.COOKIE)
    return answer


@blueprint.route("/progress/supplement", methods=["POST"])
def supplement() -> Response:
    """Adds words, files or both to the letter; danger in the words shows the numbers to call."""
    number, typed = visit.required_number(), {"text": request.form.get("text", "")}
    try:
        files = attachments.received()
        typed["media"] = format_handles(files)
        added = _supplement(typed["text"], has_files=bool(files))
        with web.database().transaction() as tx, _once(tx, "supplement", added.text) as once:
            if not once.existing:
                media = case_files.bind(tx, media_context(), number, files, Stage.SUPPLEMENT)
                holder.supplement(tx, context(), number, added, media)
                _done(once, number, "supplement")
    except ValidationError as error:
        return _case(typed, pages.errors_of(error), 422)
    except DomainError as error:
        if error.field is None:
            raise
        return _case(typed, pages.errors_of(error, attachments.sentence(error)), 422)
    return pages.back("/progress", ADDED + _warning(added))


supplement.max_content_length = attachments.FORM_BYTES  # type: ignore[attr-defined]


@blueprint.route("/progress/withdraw", methods=["POST"])
def withdraw() -> Response:
    """Withdraws the letter, or asks dispatch to."""
    number = visit.required_number()
    with web.database().transaction() as tx, _once(tx, "withdraw", "") as once:
        if not once.existing:
            holder.withdraw(tx, context(), number)
            _done(once, number, "withdraw")
        asked = holder.view(tx, number)["withdrawal_asked"]
    return pages.back("/progress", ASKED if asked else WITHDRAWN)


@blueprint.route("/progress/rate", methods=["POST"])
def rate() -> Response:
    """Rates the pass that has just ended."""
    number = visit.required_number()
    typed = {name: request.form[name] for name in ("grade", "comment") if request.form.get(name)}
    try:
        rating = cast(RatingRequest, RatingSchema().load(typed))
    except ValidationError as error:
        return _case(typed, pages.errors_of(error), 422)
    with web.database().transaction() as tx, _once(tx, "rate", asdict(rating)) as once:
        if not once.existing:
            holder.rate(tx, context(), number, rating)
            _done(once, number, "rate")
    return pages.back("/progress", RATED)


def _case(typed: dict[str, Any] | None = None, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    number = visit.required_number()
    with web.database().transaction() as tx:
        view = holder.view(tx, number)
        files = files_for_resident(tx, number)
        now = clock.now(tx)
    return pages.page(
        "letter/progress.html",
        status=status,
        case=view,
        now=now,
        figures=figures(files),
        typed=typed or {},
        errors=errors or {},
        grades=[(str(grade), name) for grade, name in GRADE_NAMES.items()],
    )


def _question(typed: dict[str, str], errors: dict[str, str] | None = None, status: int = 200) -> Response:
    return pages.page("letter/question.html", status=status, typed=typed, errors=errors or {})


def _supplement(text: str, has_files: bool) -> SupplementRequest:
    if has_files and not text.strip():
        return SupplementRequest("")
    return cast(SupplementRequest, SupplementSchema().load({"text": text}))


def _once(tx: Any, route: str, payload: Any) -> Any:
    return web.idempotent(tx, route=route, request_hash_of=[visit.current_number(), payload])


def _done(once: web.Once, number: str, act: str) -> None:
    once.remember(number)
    metrics.RESIDENTS_ACTS.labels(act).inc()


def _warning(added: SupplementRequest) -> str:
    alarm = holder.alarm(context(), added)
    return f"如有危险，请立即拨打{'、'.join(alarm.calls)}，不要等待回信。" if alarm else ""
