"""The resident's letter: the form and the receipt."""

from collections.abc import Sequence
from typing import Any, cast

from flask import Response, request
from marshmallow import ValidationError

from chassis import pages, web
from chassis.errors import DomainError
from services import limits
from services.intake import metrics
from services.intake.commands import qr_codes, submitting
from services.intake.commands.submitting import Receipt
from services.intake.domain import challenge
from services.intake.domain.media import Stage
from services.intake.domain.submission import Submission, fingerprint
from services.intake.errors import ChallengeNeeded
from services.intake.front_door import context, limited_address, media_context
from services.intake.media.commands import case_files
from services.intake.media.context import UploadHandle, format_handles
from services.intake.pages import attachments, visit
from services.intake.pages.wording import IDENTITIES, KINDS
from services.intake.schemas.submission import SubmissionSchema

blueprint = pages.Blueprint("letter", __name__)

FORM = ("kind", "identity", "name", "mobile", "community", "place", "description")
CHALLENGE, CHALLENGE_SECONDS = "challenge", 600
SCANNED = ("qr_code", "started")
"""The QR code that led to the form, and whether the script has reported that somebody began to type."""


@blueprint.route("/")
def write() -> Response:
    """The empty letter form."""
    return form({"identity": "named"})


@blueprint.route("/", methods=["POST"])
def submit() -> Response:
    """Takes the letter in; each error is shown beside its field, and what was typed stays."""
    typed = {name: request.form[name] for name in (*FORM, *SCANNED) if request.form.get(name)}
    try:
        # First, and remembered in the form: files that came without the script would have to be chosen again.
        files = attachments.received()
        typed["media"] = format_handles(files)
        receipt = _submit(typed, files)
    except ValidationError as error:
        return form(typed, pages.errors_of(error), 422)
    except ChallengeNeeded as error:
        return form(typed, status=429, wait=int(error.data["retry_after"]))
    except DomainError as error:
        if error.field is None:
            raise
        return form(typed, pages.errors_of(error, attachments.sentence(error)), 422)
    return visit.open_case(pages.back("/sent"), receipt.number)


submit.max_content_length = attachments.FORM_BYTES  # type: ignore[attr-defined]


@blueprint.route("/sent")
def sent() -> Response:
    """Number and query code, for as long as this telephone may see the case."""
    with web.database().transaction() as tx:
        receipt = submitting.receipt(tx, context(), visit.required_number())
    return pages.page("letter/sent.html", receipt=receipt)


def _submit(typed: dict[str, str], files: Sequence[UploadHandle]) -> Receipt:
    submission = _submission({name: typed[name] for name in FORM if name in typed})
    same = fingerprint(submission)
    with web.database().transaction() as tx, web.idempotent(tx, route="submit", request_hash_of=same) as once:
        if once.existing:
            return submitting.receipt(tx, context(), once.existing)
        receipt = submitting.submit(tx, context(), submission, limited_address(), _proved())
        case_files.bind(tx, media_context(), receipt.number, files, Stage.LETTER)
        if token := typed.get("qr_code"):
            qr_codes.submitted(tx, token, start_counted="started" in typed)
        once.remember(receipt.number)
    metrics.SUBMITTED.labels(submission.statement.channel, str(receipt.emergency is not None).lower()).inc()
    return receipt


def _submission(fields: dict[str, str]) -> Submission:
    return cast(Submission, SubmissionSchema().load(fields))


def form(
    typed: dict[str, Any], errors: dict[str, str] | None = None, status: int = 200, wait: int | None = None
) -> Response:
    """The letter form with what was typed, or what a QR code stands for.

    `wait`: seconds until this address may send its next letter without a proof of work, which the page's script does
    at once.
    """
    answer = pages.page(
        "letter/form.html",
        status=status,
        typed=typed,
        errors=errors or {},
        kinds=KINDS,
        identities=IDENTITIES,
        communities=communities(),
        hours=limits.hours,
        days=limits.days,
        challenge=None if wait is None else _challenge(wait),
    )
    if wait is not None:
        answer.headers["Retry-After"] = str(wait)
    return answer


def _challenge(wait: int) -> dict[str, Any]:
    # Bound to the form's key, so that one proof is good for one letter.
    bits = context().settings.challenge_bits
    question = pages.sign(CHALLENGE, {"key": request.form.get("idempotency_key", ""), "bits": bits})
    return {"question": question, "seed": challenge.seed(question), "bits": bits, "minutes": -(-wait // 60)}


def _proved() -> bool:
    question = request.form.get("challenge", "")
    asked = pages.unsign(CHALLENGE, question, CHALLENGE_SECONDS)
    if not isinstance(asked, dict) or not asked["key"] or asked["key"] != request.form.get("idempotency_key"):
        return False
    return challenge.solved(question, request.form.get("answer", ""), asked["bits"])


def communities(none: str = "不清楚、其他") -> list[tuple[str, str]]:
    """The choices of a form; `none` says what it means to choose no community."""
    settings = context().settings
    return [("", none), *((code, settings.community_name(code)) for code in sorted(settings.community_codes))]
