"""Dispatch's HTTP API: staff only, each caller limited to the cases of its scopes."""

from dataclasses import asdict
from typing import Any, TypeVar

from flask import Flask
from sqlalchemy import Connection

from chassis import web
from chassis.database import Database
from chassis.settings import required
from services.dispatch import commands, pages
from services.dispatch.commands import Officer
from services.dispatch.domain import requests
from services.dispatch.domain.case import Case
from services.dispatch.domain.deadlines import Deadlines
from services.dispatch.domain.states import legal_commands
from services.dispatch.errors import SENTENCES, STATUSES
from services.dispatch.login import errors as login_errors
from services.dispatch.login import pages as login_pages
from services.dispatch.refusals import sentence_of
from services.dispatch.schemas.answers import BulkAnswer, CaseDetail, CasePage, DutyListBody, NearList, UnitList, Wall
from services.dispatch.schemas.requests import (
    AcknowledgeBody,
    BulkBody,
    ContactBody,
    DispatchBody,
    HandBackBody,
    HandlerBody,
    ListQuery,
    MergeBody,
    ReplyBody,
    ReviewBody,
    RulingBody,
    SearchBody,
    WorkBody,
)
from services.dispatch.settings import Settings

STAFF = ("centre", "unit", "leader", "supervisor")
DECIDERS = ("centre", "leader", "supervisor")  # the case says which of them: `case.decider`

blueprint = web.Blueprint("cases", __name__, description="Cases on their way through the units")

R = TypeVar("R", bound=requests.Request)
Body = dict[str, Any]
Answer = tuple[Body, dict[str, str]]


def create_app(settings: Settings, database: Database) -> Flask:
    """The WSGI application."""
    if settings.profile == "production":
        required(settings, "token_key", *(() if settings.oidc_issuer else ("account_keys",)))
    table = web.ErrorTable(
        statuses={**STATUSES, **login_errors.STATUSES}, sentences={**SENTENCES, **login_errors.SENTENCES}
    )
    return web.create_app(
        "dispatch", settings, database, blueprints=[blueprint, login_pages.blueprint, *pages.BLUEPRINTS], errors=table
    )


def openapi() -> Body:
    """The OpenAPI document, for `contracts/`."""
    nowhere = Database("postgresql://nowhere/dispatch")
    app = create_app(Settings(profile="dev", database_url="postgresql://nowhere/dispatch"), nowhere)
    document: Body = app.test_client().get("/api/dispatch/v1/openapi.json").get_json()
    return document


@blueprint.route("/cases")
@web.requires(*STAFF)
@blueprint.arguments(ListQuery, location="query")
@blueprint.response(200, CasePage)
def list_cases(query: requests.CaseList) -> Body:
    """The caller's cases in order of number or of time left."""
    with web.database().transaction() as tx:
        found = commands.page(tx, web.caller().scopes, query)
    following = found[-1].cursor(query.sort) if len(found) == query.limit else None
    return {"cases": [_row(each.case, each.deadlines) for each in found], "next": following}


@blueprint.route("/wall")
@web.requires(*STAFF)
@blueprint.response(200, Wall)
def read_wall() -> Body:
    """How many of the caller's cases are open, yellow and red, by unit and by community."""
    with web.database().transaction() as tx:
        units, communities = commands.wall(tx, web.caller().scopes)
    return {"units": units, "communities": communities}


@blueprint.route("/search", methods=["POST"])
@web.requires(*STAFF)
@blueprint.arguments(SearchBody)
@blueprint.response(200, CasePage)
def search(request: requests.Search) -> Body:
    """The caller's cases that contain all these words, newest first. Changes nothing."""
    with web.database().transaction() as tx:
        found = commands.search(tx, web.caller().scopes, request)
    following = found[-1].case.number if len(found) == request.limit else None
    return {"cases": [_row(each.case, each.deadlines) for each in found], "next": following}


@blueprint.route("/cases/<number>/near")
@web.requires(*STAFF)
@blueprint.response(200, NearList)
def list_near(number: str) -> Body:
    """Cases that may be about the same matter; they are only proposed."""
    with web.database().transaction() as tx:
        found = commands.near(tx, number, web.caller().scopes)
    rows = [(_row(each.entry.case, each.entry.deadlines), each) for each in found]
    return {"near": [{"case": row, "reasons": each.reasons, "likeness": each.likeness} for row, each in rows]}


@blueprint.route("/dispatch", methods=["POST"])
@web.requires(*DECIDERS)
@blueprint.arguments(BulkBody)
@blueprint.response(200, BulkAnswer)
def dispatch_in_bulk(request: requests.BulkDispatch) -> Body:
    """Each waiting case goes to the unit that triage suggests; a refusal of one holds up no other."""
    return {"outcomes": [_outcome(each) for each in commands.dispatch_each(request.numbers, _dispatch_as_suggested)]}


@blueprint.route("/cases/<number>")
@web.requires(*STAFF)
@blueprint.response(200, CaseDetail)
def read_case(number: str) -> Answer:
    """A case with its work log; 404 also for a case that is not the caller's."""
    with web.database().transaction() as tx:
        return _answer(tx, number)


@blueprint.route("/cases/<number>/dispatch", methods=["POST"])
@web.requires(*DECIDERS)
@blueprint.arguments(DispatchBody)
@blueprint.response(200, CaseDetail)
def dispatch(request: requests.Dispatch, number: str) -> Answer:
    """The centre sends a waiting case to its lead unit."""
    return _once("dispatch", number, request, commands.dispatch)


@blueprint.route("/cases/<number>/acknowledge", methods=["POST"])
@web.requires("unit")
@blueprint.arguments(AcknowledgeBody)
@blueprint.response(200, CaseDetail)
def acknowledge(request: requests.Acknowledge, number: str) -> Answer:
    """The lead unit confirms receipt."""
    return _once("acknowledge", number, request, commands.acknowledge)


@blueprint.route("/cases/<number>/contact", methods=["POST"])
@web.requires("unit")
@blueprint.arguments(ContactBody)
@blueprint.response(200, CaseDetail)
def contact(request: requests.Contact, number: str) -> Answer:
    """The lead unit has told the resident the process and the date."""
    return _once("contact", number, request, commands.contact)


@blueprint.route("/cases/<number>/reply", methods=["POST"])
@web.requires("unit")
@blueprint.arguments(ReplyBody)
@blueprint.response(200, CaseDetail)
def reply(request: requests.Reply, number: str) -> Answer:
    """The lead unit answers the resident, for the centre to review."""
    return _once("reply", number, request, commands.reply)


@blueprint.route("/cases/<number>/hand_back", methods=["POST"])
@web.requires("unit")
@blueprint.arguments(HandBackBody)
@blueprint.response(200, CaseDetail)
def hand_back(request: requests.HandBack, number: str) -> Answer:
    """The lead unit says that the case is not theirs; the centre rules."""
    return _once("hand_back", number, request, commands.hand_back)


@blueprint.route("/cases/<number>/ruling", methods=["POST"])
@web.requires(*DECIDERS)
@blueprint.arguments(RulingBody)
@blueprint.response(200, CaseDetail)
def rule(request: requests.Rule, number: str) -> Answer:
    """The centre decides on a hand-back: another unit, or the same one by force."""
    return _once("ruling", number, request, commands.rule)


@blueprint.route("/cases/<number>/merge", methods=["POST"])
@web.requires(*DECIDERS)
@blueprint.arguments(MergeBody)
@blueprint.response(200, CaseDetail)
def merge(request: requests.Merge, number: str) -> Answer:
    """The case goes into another one; every resident stays informed."""
    return _once("merge", number, request, commands.merge)


@blueprint.route("/cases/<number>/handler", methods=["POST"])
@web.requires("unit")
@blueprint.arguments(HandlerBody)
@blueprint.response(200, CaseDetail)
def name_handler(request: requests.NameHandler, number: str) -> Answer:
    """The lead unit names who works on it."""
    return _once("handler", number, request, commands.name_handler)


@blueprint.route("/cases/<number>/work", methods=["POST"])
@web.requires("unit")
@blueprint.arguments(WorkBody)
@blueprint.response(200, CaseDetail)
def record_work(request: requests.RecordWork, number: str) -> Answer:
    """The lead unit or a helper notes what was done."""
    return _once("work", number, request, commands.record_work)


@blueprint.route("/cases/<number>/review", methods=["POST"])
@web.requires(*DECIDERS)
@blueprint.arguments(ReviewBody)
@blueprint.response(200, CaseDetail)
def review(request: requests.Close | requests.SendBack, number: str) -> Answer:
    """The centre closes the case, or sends the reply back."""
    if isinstance(request, requests.Close):
        return _once("review", number, request, commands.close)
    return _once("review", number, request, commands.send_back)


@blueprint.route("/units")
@web.requires(*STAFF, "operator")
@blueprint.response(200, UnitList)
def list_units() -> Body:
    """All units, closed ones too."""
    with web.database().transaction() as tx:
        return {"units": commands.units(tx)}


@blueprint.route("/duties")
@web.requires(*STAFF, "operator")
@blueprint.response(200, DutyListBody)
def list_duties() -> Body:
    """The duty list, ended items too."""
    with web.database().transaction() as tx:
        found = commands.duty_list(tx)
    return {"version": found.version, "duties": list(found.duties.values())}


def _dispatch_as_suggested(number: str) -> Case:
    with web.database().transaction() as tx:
        return commands.dispatch_as_suggested(tx, number, _officer())


def _outcome(outcome: commands.Outcome) -> Body:
    refusal = outcome.refusal
    said = {"code": refusal.code, "sentence": sentence_of(refusal)} if refusal else {"code": None, "sentence": None}
    return {"number": outcome.number, "unit": outcome.unit, **said}


def _once(route: str, number: str, request: R, command: commands.Command[R]) -> Answer:
    with (
        web.database().transaction() as tx,
        web.idempotent(tx, route=route, request_hash_of=requests.fingerprint(request)) as once,
    ):
        if once.existing is None:
            command(tx, number, request, _officer())
            once.remember(number)
        return _answer(tx, number)


def _officer() -> Officer:
    who = web.caller()
    return Officer(who.subject, who.roles, who.unit, who.scopes, web.expect_revision)


def _answer(tx: Connection, number: str) -> Answer:
    case, log = commands.read(tx, number, web.caller().scopes)
    deadlines = commands.deadlines(tx, number)
    supplements = commands.supplements(tx, number)
    extra = {"text": case.letter.text if case.letter else None, "supplements": supplements, "log": log}
    return {**_row(case, deadlines), **extra}, {"ETag": web.etag(case.revision)}


def _row(case: Case, deadlines: Deadlines) -> Body:
    letter = asdict(case.letter) if case.letter else {}
    suggestion, rule = (case.study.suggestion, case.study.rule) if case.study else (None, None)
    return {
        **{name: getattr(case, name) for name in Case.__slots__},
        **{name: getattr(deadlines, name) for name in ("mark", "close_due", "next_due", "next_kind")},
        **{name: letter.get(name) for name in ("kind", "channel", "community", "place", "emergency", "submitted_at")},
        "suggestion": suggestion,
        "rule": rule,
        "legal": legal_commands(case.state),
    }
