"""How the held case stands, and what its resident may still do: add to it, take it back, rate how it ended."""

from typing import Any, cast

from flask import Response, current_app, request
from marshmallow import Schema, ValidationError

from chassis import clock, pages, web
from chassis.errors import DomainError
from services.intake import metrics, schemas
from services.intake.commands import cases as commands
from services.intake.commands import holder as resident
from services.intake.commands.cases import Intake
from services.intake.domain.holder import Grade
from services.intake.domain.media import Stage
from services.intake.domain.numbering import as_typed
from services.intake.domain.resident_view import GRADE_NAMES
from services.intake.errors import SENTENCES, CaseNotFound
from services.intake.media import commands as media_commands
from services.intake.media.uploads import cabinet
from services.intake.pages import media as media_pages
from services.intake.pages import visit

blueprint = pages.Blueprint("holder", __name__)

ADDED, RATED = "已收到您的补充。", "谢谢您的评价。"
TAKEN_BACK, ASKED = "诉求已撤回。", "已收到您的撤回申请，处理后会在这里告诉您。"


@blueprint.route("/progress")
def progress() -> Response:
    """How the held case stands, or the question for number and code."""
    return _question({}) if visit.held() is None else _case()


@blueprint.route("/progress", methods=["POST"])
def look_up() -> Response:
    """Number and code; a wrong code and an unknown number look the same and are counted."""
    typed = {name: request.form.get(name, "").strip()[:64] for name in ("number", "code")}
    number = as_typed(typed["number"])
    with web.database().transaction() as tx:
        view = commands.look_up(tx, _house(), number, typed["code"], web.client_address())
    if view is None:
        return _question(typed, {"number": SENTENCES[CaseNotFound.code]}, 422)
    return visit.hold(pages.back("/progress"), number)


@blueprint.route("/progress/leave", methods=["POST"])
def leave() -> Response:
    """Forgets the case on this telephone, which others may use."""
    answer = pages.back("/progress", "已退出查询。")
    pages.drop_cookie(answer, visit.HELD)
    return answer


@blueprint.route("/progress/supplement", methods=["POST"])
def supplement() -> Response:
    """Words, files or both are added to the letter; danger in the words shows the numbers to call."""
    number, typed = visit.expected(), {"text": request.form.get("text", "")}
    try:
        files = media_pages.taken()
        typed["media"] = media_commands.written(files)
        text = _text(typed["text"], has_files=bool(files))
        with web.database().transaction() as tx, _once(tx, "supplement", text) as once:
            if not once.existing:
                media = media_commands.bind(tx, cabinet(), number, files, Stage.SUPPLEMENT)
                resident.supplement(tx, _house(), number, text, media)
                _done(once, number, "supplement")
    except ValidationError as error:
        return _case(typed, pages.errors_of(error), 422)
    except DomainError as error:
        if error.field is None:
            raise
        return _case(typed, pages.errors_of(error, media_pages.sentence(error)), 422)
    return pages.back("/progress", ADDED + _warning(text))


supplement.max_content_length = media_pages.FORM_BYTES  # type: ignore[attr-defined]


@blueprint.route("/progress/withdraw", methods=["POST"])
def withdraw() -> Response:
    """Takes the letter back, or asks for it."""
    number = visit.expected()
    with web.database().transaction() as tx, _once(tx, "withdraw", "") as once:
        if not once.existing:
            resident.withdraw(tx, _house(), number)
            _done(once, number, "withdraw")
        asked = resident.view(tx, number)["withdrawal_asked"]
    return pages.back("/progress", ASKED if asked else TAKEN_BACK)


@blueprint.route("/progress/rate", methods=["POST"])
def rate() -> Response:
    """Rates the pass that has just ended."""
    number = visit.expected()
    typed = {name: request.form[name] for name in ("grade", "comment") if request.form.get(name)}
    try:
        body = cast(Schema, schemas.RatingSchema()).load(typed)
    except ValidationError as error:
        return _case(typed, pages.errors_of(error), 422)
    with web.database().transaction() as tx, _once(tx, "rate", body) as once:
        if not once.existing:
            resident.rate(tx, _house(), number, Grade(body["grade"]), body["comment"])
            _done(once, number, "rate")
    return pages.back("/progress", RATED)


def _case(typed: dict[str, Any] | None = None, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    number = visit.expected()
    with web.database().transaction() as tx:
        view = resident.view(tx, number)
        figures = media_pages.of_resident(tx, number)
        now = clock.now(tx)
    return pages.page(
        "letter/progress.html",
        status=status,
        case=view,
        now=now,
        figures=figures,
        typed=typed or {},
        errors=errors or {},
        grades=[(str(grade), name) for grade, name in GRADE_NAMES.items()],
    )


def _question(typed: dict[str, str], errors: dict[str, str] | None = None, status: int = 200) -> Response:
    return pages.page("letter/question.html", status=status, typed=typed, errors=errors or {})


def _text(written: str, has_files: bool) -> str:
    if has_files and not written.strip():
        return ""
    text: str = cast(Schema, schemas.SupplementSchema()).load({"text": written})["text"]
    return text


def _once(tx: Any, route: str, payload: Any) -> Any:
    return web.idempotent(tx, route=route, request_hash_of=[visit.held(), payload])


def _done(once: web.Once, number: str, act: str) -> None:
    once.remember(number)
    metrics.RESIDENTS_ACTS.labels(act).inc()


def _warning(text: str) -> str:
    alarm = resident.alarm(_house(), text)
    return f"如有危险，请立即拨打{'、'.join(alarm.calls)}，不要等待回信。" if alarm else ""


def _house() -> Intake:
    return cast(Intake, current_app.extensions["intake"])
