"""The front door of intake: the app, and what residents and those who write for them may do."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from flask import Blueprint as FlaskBlueprint
from flask import Flask
from sqlalchemy import Connection

from chassis import crypto, web
from chassis.database import Database
from chassis.web.callers import admit
from services.intake import front_door, metrics, reception_api, uploads_api
from services.intake.commands import holder, looking_up, submitting
from services.intake.commands.submitting import Receipt
from services.intake.domain.case import Channel
from services.intake.domain.media import description
from services.intake.domain.numbering import as_typed
from services.intake.domain.requests import RatingRequest, SupplementRequest
from services.intake.domain.submission import Submission, fingerprint
from services.intake.errors import SENTENCES, STATUSES, CaseNotFound
from services.intake.front_door import context, limited_address
from services.intake.pages import holder as holder_pages
from services.intake.pages import letter, media, qr_codes, reception
from services.intake.pages.media_access import OFFICERS, files_for_officer
from services.intake.schemas.media import CaseMedia
from services.intake.schemas.residents import (
    QueryCodeSchema,
    RatingSchema,
    ReceiptSchema,
    ResidentViewSchema,
    SupplementedSchema,
    SupplementSchema,
    WithdrawSchema,
)
from services.intake.schemas.submission import SubmissionSchema
from services.intake.settings import Settings

blueprint = web.Blueprint("cases", __name__, description="Letters of residents, and what their holders may do")

OPEN_CHANNELS = (Channel.MAILBOX, Channel.OPEN311)
PAGES = (letter, holder_pages, media, qr_codes, reception)


def create_app(settings: Settings, database: Database) -> Flask:
    table = web.ErrorTable(statuses=STATUSES, sentences=SENTENCES)
    blueprints: list[FlaskBlueprint] = [blueprint, reception_api.blueprint, uploads_api.blueprint]
    blueprints += [each.blueprint for each in PAGES]
    app = web.create_app("intake", settings, database, blueprints=blueprints, errors=table)
    front_door.install(app, settings, database)
    uploads_api.install(app)
    return app


def openapi() -> dict[str, Any]:
    """The OpenAPI document, for `contracts/`."""
    nowhere = "postgresql://nowhere/intake"
    keys = crypto.read_master_keys(crypto.new_master_keys())
    settings = Settings(profile="dev", database_url=nowhere, master_keys=keys, index_key=bytes(32))
    app = create_app(settings, Database(nowhere))
    document: dict[str, Any] = app.test_client().get("/api/intake/v1/openapi.json").get_json()
    return document


@blueprint.route("/cases", methods=["POST"])
@blueprint.arguments(SubmissionSchema())
@blueprint.response(201, ReceiptSchema)
def submit(submission: Submission) -> Receipt:
    """Write to the secretary and the director. Channels other than the mailbox are typed in by staff (R15, R16)."""
    channel = submission.statement.channel
    if channel not in OPEN_CHANNELS:
        admit(("centre", "unit"))
    address, letter = limited_address(), fingerprint(submission)
    with web.database().transaction() as tx, web.idempotent(tx, route="submit", request_hash_of=letter) as once:
        if once.existing:
            return submitting.receipt(tx, context(), once.existing)
        receipt = submitting.submit(tx, context(), submission, address)
        once.remember(receipt.number)
    metrics.SUBMITTED.labels(channel, str(receipt.emergency is not None).lower()).inc()
    return receipt


@blueprint.route("/cases/<number>", methods=["GET"])
@blueprint.arguments(QueryCodeSchema(), location="headers")
@blueprint.response(200, ResidentViewSchema)
def progress(code: str, number: str) -> dict[str, Any]:
    """How the case stands, for the holder of its query code; a wrong code and an unknown number look the same."""
    return _look_up(code, number)


@blueprint.route("/cases/<number>/supplements", methods=["POST"])
@blueprint.arguments(QueryCodeSchema(), location="headers")
@blueprint.arguments(SupplementSchema)
@blueprint.response(200, SupplementedSchema)
def supplement(code: str, added: SupplementRequest, number: str) -> dict[str, Any]:
    """Add to the letter as long as the case is not closed; danger in the new words shows the numbers to call."""
    view = _as_holder(
        "supplement", code, number, asdict(added), lambda tx, known: holder.supplement(tx, context(), known, added)
    )
    return {**view, "emergency": holder.alarm(context(), added)}


@blueprint.route("/cases/<number>/withdrawal", methods=["POST"])
@blueprint.arguments(QueryCodeSchema(), location="headers")
@blueprint.arguments(WithdrawSchema)
@blueprint.response(200, ResidentViewSchema)
def withdraw(code: str, nothing: dict[str, Any], number: str) -> dict[str, Any]:
    """Withdraw the letter: at once before it is accepted, afterwards as a request that dispatch answers."""
    return _as_holder("withdraw", code, number, nothing, lambda tx, known: holder.withdraw(tx, context(), known))


@blueprint.route("/cases/<number>/rating", methods=["POST"])
@blueprint.arguments(QueryCodeSchema(), location="headers")
@blueprint.arguments(RatingSchema)
@blueprint.response(200, ResidentViewSchema)
def rate(code: str, rating: RatingRequest, number: str) -> dict[str, Any]:
    """Rate how the case ended, once for each pass; a dissatisfied rating of the first pass reopens it (R52, R56)."""
    return _as_holder("rate", code, number, asdict(rating), lambda tx, known: holder.rate(tx, context(), known, rating))


@blueprint.route("/cases/<number>/media", methods=["GET"])
@web.requires(*OFFICERS)
@blueprint.response(200, CaseMedia)
def case_media(number: str) -> dict[str, Any]:
    """Photos and videos of a case, for officers who see it; the bytes are at `/media/{id}/{thumb·large·file}`."""
    with web.database().transaction() as tx:
        files, _ = files_for_officer(tx, number)
    return {"items": [description(each) for each in files]}


def _as_holder(
    route: str, code: str, number: str, payload: dict[str, Any], command: Callable[[Connection, str], None]
) -> dict[str, Any]:
    """Runs a command for the holder of the code; returns the case as it is afterwards."""
    _look_up(code, number)
    number = as_typed(number)
    with web.database().transaction() as tx:
        with web.idempotent(tx, route=route, request_hash_of=payload) as once:
            if not once.existing:
                command(tx, number)
                once.remember(number)
                metrics.RESIDENTS_ACTS.labels(route).inc()
        return holder.view(tx, number)


def _look_up(code: str, number: str) -> dict[str, Any]:
    """The resident's view. A wrong code is counted in a transaction of its own. Raises CaseNotFound."""
    with web.database().transaction() as tx:
        view = looking_up.look_up(tx, context(), as_typed(number), code, web.client_address())
    if view is None:
        raise CaseNotFound()
    return view
