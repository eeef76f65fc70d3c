"""The resident's pages: the letter form, the receipt, and how the case stands."""

from collections.abc import Sequence
from typing import Any, cast

from flask import Response, current_app, request
from marshmallow import Schema, ValidationError

from chassis import clock, pages, web
from chassis.errors import DomainError
from services.intake import commands, media_commands, media_pages, metrics, schemas, visit
from services.intake.commands import Intake, Receipt
from services.intake.errors import SENTENCES, CaseNotFound
from services.intake.media import Stage
from services.intake.media_commands import Claim
from services.intake.numbering import as_typed
from services.intake.uploads import cabinet
from services.intake.wording import IDENTITIES, KINDS

blueprint = pages.Blueprint("letter", __name__)

FORM = ("kind", "identity", "name", "mobile", "community", "place", "description")


@blueprint.route("/")
def write() -> Response:
    """The empty letter form."""
    return _form({"identity": "named"})


@blueprint.route("/", methods=["POST"])
def submit() -> Response:
    """Takes the letter in; what is wrong is said beside its field and what was typed stays."""
    typed = {name: request.form[name] for name in FORM if request.form.get(name)}
    try:
        # First, and remembered in the form: files that came without the script can't be typed again.
        files = media_pages.taken()
        typed["media"] = media_commands.written(files)
        receipt = _submit(typed, files)
    except ValidationError as error:
        return _form(typed, pages.errors_of(error), 422)
    except DomainError as error:
        if error.field is None:
            raise
        return _form(typed, pages.errors_of(error, media_pages.sentence(error)), 422)
    return visit.hold(pages.back("/sent"), receipt.number)


submit.max_content_length = media_pages.FORM_BYTES  # type: ignore[attr-defined]


@blueprint.route("/sent")
def sent() -> Response:
    """Number and query code, once more for as long as this telephone holds the case."""
    with web.database().transaction() as tx:
        receipt = commands.receipt(tx, _house(), _held())
    return pages.page("letter/sent.html", receipt=receipt)


@blueprint.route("/progress")
def progress() -> Response:
    """How the held case stands, or the question for number and code."""
    if _held(missing="") == "":
        return _question({})
    with web.database().transaction() as tx:
        view = commands.held_view(tx, _held())
        figures = media_pages.of_resident(tx, _held())
        now = clock.now(tx)
    return pages.page("letter/progress.html", case=view, now=now, figures=figures)


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


def _submit(typed: dict[str, str], files: Sequence[Claim]) -> Receipt:
    body = cast(Schema, schemas.SubmissionSchema()).load({name: typed[name] for name in FORM if name in typed})
    with web.database().transaction() as tx, web.idempotent(tx, route="submit", request_hash_of=repr(body)) as once:
        if once.existing:
            return commands.receipt(tx, _house(), once.existing)
        receipt = commands.submit(tx, _house(), body, web.client_address())
        media_commands.bind(tx, cabinet(), receipt.number, files, Stage.LETTER)
        once.remember(receipt.number)
    metrics.SUBMITTED.labels(body.letter.channel, str(receipt.emergency is not None).lower()).inc()
    return receipt


def _form(typed: dict[str, Any], errors: dict[str, str] | None = None, status: int = 200) -> Response:
    return pages.page(
        "letter/form.html",
        status=status,
        typed=typed,
        errors=errors or {},
        kinds=KINDS,
        identities=IDENTITIES,
        communities=_communities(),
    )


def _communities() -> list[tuple[str, str]]:
    settings = _house().settings
    return [("", "不清楚、其他"), *((code, settings.community_name(code)) for code in sorted(settings.community_codes))]


def _question(typed: dict[str, str], errors: dict[str, str] | None = None, status: int = 200) -> Response:
    return pages.page("letter/question.html", status=status, typed=typed, errors=errors or {})


def _held(missing: str | None = None) -> str:
    """The number of the case this telephone holds. Raises CaseNotFound without one, unless `missing` stands for it."""
    if number := visit.held():
        return number
    if missing is None:
        raise CaseNotFound
    return missing


def _house() -> Intake:
    return cast(Intake, current_app.extensions["intake"])
