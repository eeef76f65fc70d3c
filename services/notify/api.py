"""The HTTP API of notify: letters for leaders and units, messages for the centre."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from flask import Flask, Response, send_file

from chassis import web
from chassis.database import Database
from chassis.settings import Settings as Base
from services.notify import errors, schemas, store
from services.notify.commands import printing, requests
from services.notify.domain.letter import Letter, legal
from services.notify.pages import letters as pages
from services.notify.settings import Settings

blueprint = web.Blueprint("notify", __name__, description="警示函与短信")
Answer: TypeAlias = tuple[Mapping[str, Any], dict[str, str]]


def create_app(settings: Base, database: Database) -> Flask:
    """The WSGI application."""
    table = web.ErrorTable(statuses=errors.STATUSES, sentences=errors.SENTENCES)
    app = web.create_app("notify", settings, database, blueprints=[blueprint, pages.blueprint], errors=table)
    app.extensions["notify.settings"] = settings
    return app


def openapi() -> dict[str, Any]:
    """The OpenAPI document, for `contracts/`."""
    nowhere = "postgresql://nowhere/notify"
    app = create_app(Settings(profile="dev", database_url=nowhere), Database(nowhere))
    document: dict[str, Any] = app.test_client().get("/api/notify/v1/openapi.json").get_json()
    return document


@blueprint.route("/letters")
@web.requires(*requests.READERS)
@blueprint.arguments(schemas.LetterQuery, location="query")
@blueprint.response(200, schemas.LettersAnswer)
def list_letters(query: schemas.LetterPage) -> dict[str, Any]:
    """Letters the caller may see, newest first."""
    with web.database().transaction() as tx:
        page = store.letters.page(tx, web.caller().scopes, query.state, query.after, query.limit)
    more = len(page) == query.limit
    return {"letters": [_shown(each) for each in page], "after": page[-1].id if more else None}


@blueprint.route("/letters/<letter_id>")
@web.requires(*requests.READERS)
@blueprint.response(200, schemas.LetterAnswer)
def get_letter(letter_id: str) -> Answer:
    """One letter."""
    with web.database().transaction() as tx:
        return _answer(requests.visible(tx, letter_id))


@blueprint.route("/letters/<letter_id>/pdf")
@web.requires(*requests.READERS)
@blueprint.response(200, content_type="application/pdf")
def download(letter_id: str) -> Response:
    """The PDF, once the letter is issued."""
    with web.database().transaction() as tx:
        letter = requests.visible(tx, letter_id)
        path = printing.printed_file(tx, requests.settings(), letter)
    answer = send_file(path, mimetype="application/pdf", as_attachment=True, download_name=path.name)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.route("/letters/<letter_id>/sign", methods=["POST"])
@web.requires("leader")
@blueprint.arguments(schemas.NothingMore)
@blueprint.response(200, schemas.LetterAnswer)
def sign(body: Mapping[str, Any], letter_id: str) -> Answer:
    """Signs a proposed letter, which gets its number and is then printed."""
    return _answer(requests.sign(letter_id, web.expect_revision))


@blueprint.route("/letters/<letter_id>/decline", methods=["POST"])
@web.requires("leader")
@blueprint.arguments(schemas.DeclineBody)
@blueprint.response(200, schemas.LetterAnswer)
def decline(body: schemas.Decline, letter_id: str) -> Answer:
    """Voids a proposed letter, with a reason."""
    return _answer(requests.decline(letter_id, body, web.expect_revision))


@blueprint.route("/letters/<letter_id>/acknowledge", methods=["POST"])
@web.requires("unit")
@blueprint.arguments(schemas.NothingMore)
@blueprint.response(200, schemas.LetterAnswer)
def acknowledge(body: Mapping[str, Any], letter_id: str) -> Answer:
    """The unit confirms receipt of its letter; another unit's letter does not exist for it."""
    return _answer(requests.acknowledge(letter_id, web.expect_revision))


@blueprint.route("/messages")
@web.requires("operator", "centre")
@blueprint.arguments(schemas.MessageQuery, location="query")
@blueprint.response(200, schemas.MessagesAnswer)
def list_messages(query: schemas.CaseMessages) -> dict[str, Any]:
    """The messages planned for one case, and what became of them."""
    with web.database().transaction() as tx:
        return {"messages": store.messages.of_case(tx, query.case)}


def _answer(letter: Letter) -> Answer:
    return _shown(letter), {"ETag": web.etag(letter.revision)}


def _shown(letter: Letter) -> dict[str, Any]:
    names = ("id", "case", "unit", "unit_name", "state", "revision", "proposed_at", "signed_at", "issued_at")
    more = ("acknowledged_at", "voided_at", "cause", "reason", "sha256")
    shown = {name: getattr(letter, name) for name in (*names, *more)}
    breach = {"kind": letter.kind, "gen": letter.gen, "due": letter.due, "breached_at": letter.breached_at}
    return shown | {"letter_number": letter.number, "breach": breach, "legal": list(legal(letter.state))}
