"""The front door of sla: how much time each case has left. Staff only, each caller seeing the cases of its scopes."""

from datetime import datetime
from typing import Any

from flask import Flask

from chassis import clock, web
from chassis.cursor import Cursor
from chassis.database import Database
from chassis.settings import Settings
from services.sla import store
from services.sla.domain.case import Case
from services.sla.domain.clock import Clock
from services.sla.domain.limit import Kind
from services.sla.errors import SENTENCES, STATUSES, CaseNotFound
from services.sla.schemas import CaseDetail, CasePage, ListQuery

STAFF = ("centre", "unit", "leader", "supervisor")

blueprint = web.Blueprint("cases", __name__, description="Marks and time left")

Body = dict[str, Any]


def create_app(settings: Settings, database: Database) -> Flask:
    """The WSGI application."""
    table = web.ErrorTable(statuses=STATUSES, sentences=SENTENCES)
    return web.create_app("sla", settings, database, blueprints=[blueprint], errors=table)


def openapi() -> Body:
    """The OpenAPI document, for `contracts/`."""
    nowhere = Database("postgresql://nowhere/sla")
    app = create_app(Settings(profile="dev", database_url="postgresql://nowhere/sla"), nowhere)
    document: Body = app.test_client().get("/api/sla/v1/openapi.json").get_json()
    return document


@blueprint.route("/cases")
@web.requires(*STAFF)
@blueprint.arguments(ListQuery, location="query")
@blueprint.response(200, CasePage)
def list_cases(query: Body) -> Body:
    """The caller's cases, those with the least time left first; those with no clock running come last."""
    after = Cursor.read(query["after"] or "")
    with web.database().transaction() as tx:
        now = clock.now(tx)
        found = store.page(tx, _scopes(), after, query)
    full = len(found) == query["limit"]
    rows = [{**row, "remaining_seconds": _seconds(row["due"], now)} for row in found]
    return {"cases": rows, "next": Cursor.of(found[-1]["due"], found[-1]["number"]).written() if full else None}


@blueprint.route("/cases/<number>")
@web.requires(*STAFF)
@blueprint.response(200, CaseDetail)
def read_case(number: str) -> Body:
    """A case with all its clocks; 404 also for a case that is not the caller's."""
    with web.database().transaction() as tx:
        now, case = clock.now(tx), store.case(tx, number, _scopes())
    if case is None:
        raise CaseNotFound
    return _detail(case, now)


def _scopes() -> list[str]:
    return sorted(web.caller().scopes)


def _detail(case: Case, now: datetime) -> Body:
    clocks = sorted(case.clocks.values(), key=lambda each: list(Kind).index(each.kind))
    return {
        "number": case.number,
        **{name: getattr(case.dispatch, name) for name in ("unit", "unit_name", "complexity", "restricted")},
        **{name: getattr(case, name) for name in ("mark", "reason", "risk", "time")},
        "clocks": [_clock(each, now) for each in clocks],
    }


def _clock(each: Clock, now: datetime) -> Body:
    shown = {name: getattr(each, name) for name in Clock.__slots__}
    return {**shown, "remaining_seconds": None if each.is_over else _seconds(each.due, now)}


def _seconds(due: datetime | None, now: datetime) -> int | None:
    return None if due is None else int((due - now).total_seconds())
