"""The resident's letter: the form, and the receipt."""

from collections.abc import Sequence
from typing import Any, cast

from flask import Response, current_app, request
from marshmallow import Schema, ValidationError

from chassis import pages, web
from chassis.errors import DomainError
from services.intake import metrics, schemas
from services.intake.commands import cases as commands
from services.intake.commands import qr_codes as qr_commands
from services.intake.commands.cases import Intake, Receipt
from services.intake.domain import challenge
from services.intake.domain.media import Stage
from services.intake.errors import ChallengeNeeded
from services.intake.media import commands as media_commands
from services.intake.media.commands import Claim
from services.intake.media.uploads import cabinet
from services.intake.pages import media as media_pages
from services.intake.pages import visit
from services.intake.pages.wording import IDENTITIES, KINDS

blueprint = pages.Blueprint("letter", __name__)

FORM = ("kind", "identity", "name", "mobile", "community", "place", "description")
CHALLENGE, CHALLENGE_SECONDS = "challenge", 600
SCANNED = ("qr_code", "started")
"""The code that led to the form, and whether the script has said that it was begun."""


@blueprint.route("/")
def write() -> Response:
    """The empty letter form."""
    return form({"identity": "named"})


@blueprint.route("/", methods=["POST"])
def submit() -> Response:
    """Takes the letter in; what is wrong is said beside its field and what was typed stays."""
    typed = {name: request.form[name] for name in (*FORM, *SCANNED) if request.form.get(name)}
    try:
        # First, and remembered in the form: files that came without the script can't be typed again.
        files = media_pages.taken()
        typed["media"] = media_commands.written(files)
        receipt = _submit(typed, files)
    except ValidationError as error:
        return form(typed, pages.errors_of(error), 422)
    except ChallengeNeeded as error:
        return form(typed, status=429, wait=int(error.data["retry_after"]))
    except DomainError as error:
        if error.field is None:
            raise
        return form(typed, pages.errors_of(error, media_pages.sentence(error)), 422)
    return visit.hold(pages.back("/sent"), receipt.number)


submit.max_content_length = media_pages.FORM_BYTES  # type: ignore[attr-defined]


@blueprint.route("/sent")
def sent() -> Response:
    """Number and query code, once more for as long as this telephone holds the case."""
    with web.database().transaction() as tx:
        receipt = commands.receipt(tx, _house(), visit.expected())
    return pages.page("letter/sent.html", receipt=receipt)


def _submit(typed: dict[str, str], files: Sequence[Claim]) -> Receipt:
    body = cast(Schema, schemas.SubmissionSchema()).load({name: typed[name] for name in FORM if name in typed})
    with web.database().transaction() as tx, web.idempotent(tx, route="submit", request_hash_of=repr(body)) as once:
        if once.existing:
            return commands.receipt(tx, _house(), once.existing)
        receipt = commands.submit(tx, _house(), body, web.client_address(), _proved())
        media_commands.bind(tx, cabinet(), receipt.number, files, Stage.LETTER)
        if token := typed.get("qr_code"):
            qr_commands.submitted(tx, token, start_counted="started" in typed)
        once.remember(receipt.number)
    metrics.SUBMITTED.labels(body.letter.channel, str(receipt.emergency is not None).lower()).inc()
    return receipt


def form(
    typed: dict[str, Any], errors: dict[str, str] | None = None, status: int = 200, wait: int | None = None
) -> Response:
    """The letter form with what was typed, or what a QR code stands for. `wait`: seconds until the next letter of this
    address is taken without a proof of work, which the page's script does at once.
    """
    answer = pages.page(
        "letter/form.html",
        status=status,
        typed=typed,
        errors=errors or {},
        kinds=KINDS,
        identities=IDENTITIES,
        communities=communities(),
        challenge=None if wait is None else _challenge(wait),
    )
    if wait is not None:
        answer.headers["Retry-After"] = str(wait)
    return answer


def _challenge(wait: int) -> dict[str, Any]:
    # Bound to the form's key, so that one proof is good for one letter.
    bits = _house().settings.challenge_bits
    question = pages.sign(CHALLENGE, {"key": request.form.get("idempotency_key", ""), "bits": bits})
    return {"question": question, "seed": challenge.seed(question), "bits": bits, "minutes": -(-wait // 60)}


def _proved() -> bool:
    question = request.form.get("challenge", "")
    asked = pages.unsign(CHALLENGE, question, CHALLENGE_SECONDS)
    if not isinstance(asked, dict) or not asked["key"] or asked["key"] != request.form.get("idempotency_key"):
        return False
    return challenge.solved(question, request.form.get("answer", ""), asked["bits"])


def communities(none: str = "不清楚、其他") -> list[tuple[str, str]]:
    """The choices of a form; `none` is what it means to choose no community."""
    settings = _house().settings
    return [("", none), *((code, settings.community_name(code)) for code in sorted(settings.community_codes))]


def _house() -> Intake:
    return cast(Intake, current_app.extensions["intake"])
