"""The front door of intake: the resident's two routes and the desk of the centre."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any, cast

from flask import Blueprint as FlaskBlueprint
from flask import Flask, current_app
from sqlalchemy import Connection

from chassis import crypto, web
from chassis.database import Database
from chassis.masking import mask
from chassis.web.callers import admit
from services.intake import metrics, schemas
from services.intake.commands import cases as commands
from services.intake.commands import holder as resident
from services.intake.commands.cases import Intake, Receipt
from services.intake.domain.case import Case, Channel, Reason
from services.intake.domain.holder import Grade
from services.intake.domain.identity import Writer, masked_mobile, masked_name
from services.intake.domain.media import shown
from services.intake.domain.numbering import as_typed
from services.intake.domain.submission import Submission
from services.intake.errors import SENTENCES, STATUSES, CaseNotFound
from services.intake.media import commands as media_commands
from services.intake.media import uploads
from services.intake.pages import holder as holder_pages
from services.intake.pages import letter as pages
from services.intake.pages import media as media_pages
from services.intake.pages import qr_codes as qr_pages
from services.intake.pages import reception as reception_pages
from services.intake.settings import Settings

blueprint = web.Blueprint("cases", __name__, description="Letters of residents, and the desk that accepts them")

OPEN_CHANNELS = (Channel.MAILBOX, Channel.OPEN311)


def create_app(settings: Settings, database: Database) -> Flask:
    table = web.ErrorTable(statuses=STATUSES, sentences=SENTENCES)
    for_people: list[FlaskBlueprint] = [
        pages.blueprint,
        holder_pages.blueprint,
        media_pages.blueprint,
        qr_pages.blueprint,
        reception_pages.blueprint,
    ]
    blueprints: list[FlaskBlueprint] = [blueprint, uploads.blueprint, *for_people]
    app = web.create_app("intake", settings, database, blueprints=blueprints, errors=table)
    app.extensions["intake"] = commands.intake(settings, database)
    uploads.install(app, media_commands.cabinet(settings))
    return app


def openapi() -> dict[str, Any]:
    """The OpenAPI document, for `contracts/`."""
    nowhere = "postgresql://nowhere/intake"
    keys = crypto.read_master_keys(crypto.new_master_keys())
    settings = Settings(profile="dev", database_url=nowhere, master_keys=keys, index_key=bytes(32))
    app = create_app(settings, Database(nowhere))
    document: dict[str, Any] = app.test_client().get("/api/intake/v1/openapi.json").get_json()
    return document


def house() -> Intake:
    return cast(Intake, current_app.extensions["intake"])


@blueprint.route("/cases", methods=["POST"])
@blueprint.arguments(schemas.SubmissionSchema())
@blueprint.response(201, schemas.ReceiptSchema)
def submit(body: Submission) -> Receipt:
    """Write to the secretary and the director. Channels other than the mailbox are typed in by staff (R15, R16)."""
    if body.letter.channel not in OPEN_CHANNELS:
        admit(("centre", "unit"))
    address = None if web.caller().subject else web.client_address()
    with web.database().transaction() as tx, web.idempotent(tx, route="submit", request_hash_of=repr(body)) as once:
        if once.existing:
            return commands.receipt(tx, house(), once.existing)
        receipt = commands.submit(tx, house(), body, address)
        once.remember(receipt.number)
    metrics.SUBMITTED.labels(body.letter.channel, str(receipt.emergency is not None).lower()).inc()
    return receipt


@blueprint.route("/cases/<number>", methods=["GET"])
@blueprint.arguments(schemas.QueryCodeSchema(), location="headers")
@blueprint.response(200, schemas.ResidentViewSchema)
def progress(headers: dict[str, str], number: str) -> dict[str, Any]:
    """How the case stands, for the holder of its query code; a wrong code and an unknown number look the same."""
    return _look_up(headers, number)


@blueprint.route("/cases/<number>/supplements", methods=["POST"])
@blueprint.arguments(schemas.QueryCodeSchema(), location="headers")
@blueprint.arguments(schemas.SupplementSchema)
@blueprint.response(200, schemas.SupplementedSchema)
def supplement(headers: dict[str, str], body: dict[str, str], number: str) -> dict[str, Any]:
    """Add to the letter, as long as it is not closed; danger in the new words shows the numbers to call."""
    text = body["text"]
    view = _as_holder("supplement", headers, number, body, lambda tx, n: resident.supplement(tx, house(), n, text))
    return {**view, "emergency": resident.alarm(house(), text)}


@blueprint.route("/cases/<number>/withdrawal", methods=["POST"])
@blueprint.arguments(schemas.QueryCodeSchema(), location="headers")
@blueprint.arguments(schemas.WithdrawSchema)
@blueprint.response(200, schemas.ResidentViewSchema)
def withdraw(headers: dict[str, str], body: dict[str, Any], number: str) -> dict[str, Any]:
    """Take the letter back: at once before it is accepted, a wish that dispatch answers afterwards."""
    return _as_holder("withdraw", headers, number, body, lambda tx, n: resident.withdraw(tx, house(), n))


@blueprint.route("/cases/<number>/rating", methods=["POST"])
@blueprint.arguments(schemas.QueryCodeSchema(), location="headers")
@blueprint.arguments(schemas.RatingSchema)
@blueprint.response(200, schemas.ResidentViewSchema)
def rate(headers: dict[str, str], body: dict[str, str], number: str) -> dict[str, Any]:
    """Rate how the case ended, once for each pass; dissatisfied with the first, it is done again (R52, R56)."""
    grade, comment = Grade(body["grade"]), body["comment"]
    return _as_holder("rate", headers, number, body, lambda tx, n: resident.rate(tx, house(), n, grade, comment))


def _as_holder(
    route: str, headers: dict[str, str], number: str, body: dict[str, Any], command: Callable[[Connection, str], None]
) -> dict[str, Any]:
    """Runs a command for the holder of the code and shows the case after it."""
    _look_up(headers, number)
    number = as_typed(number)
    with web.database().transaction() as tx:
        with web.idempotent(tx, route=route, request_hash_of=body) as once:
            if not once.existing:
                command(tx, number)
                once.remember(number)
                metrics.RESIDENTS_ACTS.labels(route).inc()
        return resident.view(tx, number)


def _look_up(headers: dict[str, str], number: str) -> dict[str, Any]:
    """The resident's view. A wrong code is counted in a transaction of its own. Raises CaseNotFound."""
    with web.database().transaction() as tx:
        view = commands.look_up(tx, house(), as_typed(number), headers["query_code"], web.client_address())
    if view is None:
        raise CaseNotFound()
    return view


@blueprint.route("/desk/cases", methods=["GET"])
@web.requires("centre")
@blueprint.arguments(schemas.DeskQuery, location="query")
@blueprint.response(200, schemas.DeskPage)
def desk(query: dict[str, Any]) -> dict[str, Any]:
    """Cases in order of arrival, one state or all."""
    with web.database().transaction() as tx:
        items = commands.desk(tx, query["state"], query["after"], query["limit"] + 1)
    page = items[: query["limit"]]
    return {"items": page, "next": page[-1].number if len(items) > len(page) else None}


@blueprint.route("/desk/cases/<number>", methods=["GET"])
@web.requires("centre")
@blueprint.response(200, schemas.DeskCase)
def desk_case(number: str) -> Any:
    """One case in full, its writer masked."""
    with web.database().transaction() as tx:
        return _desk_case(commands.case(tx, number), commands.writer(tx, house(), number))


@blueprint.route("/desk/cases/<number>/accept", methods=["POST"])
@web.requires("centre")
@blueprint.arguments(schemas.AcceptSchema)
@blueprint.response(200, schemas.DeskCase)
def accept(body: dict[str, Any], number: str) -> Any:
    """Accept the case: from here on dispatch decides."""
    with web.database().transaction() as tx, web.idempotent(tx, route="accept", request_hash_of=body) as once:
        if not once.existing:
            commands.accept(tx, number, web.expect_revision)
            once.remember(number)
            metrics.DECIDED.labels("accept").inc()
        return _desk_case(commands.case(tx, number), commands.writer(tx, house(), number))


@blueprint.route("/desk/cases/<number>/refuse", methods=["POST"])
@web.requires("centre")
@blueprint.arguments(schemas.RefuseSchema)
@blueprint.response(200, schemas.DeskCase)
def refuse(body: dict[str, str], number: str) -> Any:
    """Refuse the case with a reason, which the resident is told (R20)."""
    with web.database().transaction() as tx, web.idempotent(tx, route="refuse", request_hash_of=body) as once:
        if not once.existing:
            commands.refuse(tx, number, Reason(body["reason"]), web.expect_revision)
            once.remember(number)
            metrics.DECIDED.labels("refuse").inc()
        return _desk_case(commands.case(tx, number), commands.writer(tx, house(), number))


@blueprint.route("/desk/cases/<number>/reveal", methods=["POST"])
@web.requires("centre")
@blueprint.arguments(schemas.RevealSchema)
@blueprint.response(200, schemas.RevealedSchema)
def reveal(body: dict[str, str], number: str) -> dict[str, str | None]:
    """Full name and telephone of one case; each time is logged with who asked and why (X04)."""
    with web.database().transaction() as tx:
        who = commands.reveal(tx, house(), number, web.caller().subject, mask(body["reason"]))
    metrics.IDENTITIES_READ.labels("reveal").inc()
    return {"number": number, "name": who.name, "mobile": who.mobile}


@blueprint.route("/cases/<number>/media", methods=["GET"])
@web.requires(*media_pages.OFFICERS)
@blueprint.response(200, schemas.CaseMedia)
def case_media(number: str) -> dict[str, Any]:
    """Photos and videos of a case, for officers who see it; the bytes are at `/media/{id}/{thumb·large·file}`."""
    with web.database().transaction() as tx:
        files, _ = media_pages.seen_by_officer(tx, number)
    return {"items": [shown(each) for each in files]}


def _desk_case(case: Case, writer: Writer) -> tuple[dict[str, Any], dict[str, str]]:
    shown = {each.name: getattr(case, each.name) for each in fields(case)}
    shown |= {"name": masked_name(writer.name), "mobile": masked_mobile(writer.mobile)}
    return shown, {"ETag": web.etag(case.revision)}
