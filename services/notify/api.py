"""The front door of notify: letters for leaders and units, messages for the centre."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from flask import Flask, Response, send_file

from chassis import web
from chassis.database import Database
from chassis.settings import Settings as Base
from services.notify import errors, schemas, store
from services.notify.commands import letters as commands
from services.notify.domain.letter import Letter
from services.notify.pages import door
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
@web.requires(*door.READERS)
@blueprint.arguments(schemas.LetterQuery, location="query")
@blueprint.response(200, schemas.LettersAnswer)
def list_letters(query: dict[str, Any]) -> dict[str, Any]:
    """Letters the caller may see, newest first."""
    after = str(query["after"]) if "after" in query else None
    with web.database().transaction() as tx:
        page = store.letters.page(tx, web.caller().scopes, query.get("state"), after, query["limit"])
    more = len(page) == query["limit"]
    return {"letters": [commands.answer_of(each) for each in page], "after": page[-1].id if more else None}


@blueprint.route("/letters/<letter_id>")
@web.requires(*door.READERS)
@blueprint.response(200, schemas.LetterAnswer)
def get_letter(letter_id: str) -> Answer:
    """One letter."""
    with web.database().transaction() as tx:
        return _answer(door.visible(tx, letter_id))


@blueprint.route("/letters/<letter_id>/pdf")
@web.requires(*door.READERS)
@blueprint.response(200, content_type="application/pdf")
def download(letter_id: str) -> Response:
    """The paper, once it is issued."""
    with web.database().transaction() as tx:
        letter = door.visible(tx, letter_id)
        path = commands.paper(tx, door.settings(), letter)
    answer = send_file(path, mimetype="application/pdf", as_attachment=True, download_name=path.name)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.route("/letters/<letter_id>/sign", methods=["POST"])
@web.requires("leader")
@blueprint.arguments(schemas.NothingMore)
@blueprint.response(200, schemas.LetterAnswer)
def sign(body: dict[str, Any], letter_id: str) -> Answer:
    """Signs a proposed letter; it gets its number and goes to the printer."""
    return _answer(door.sign(letter_id, body, _current))


@blueprint.route("/letters/<letter_id>/decline", methods=["POST"])
@web.requires("leader")
@blueprint.arguments(schemas.DeclineBody)
@blueprint.response(200, schemas.LetterAnswer)
def decline(body: dict[str, Any], letter_id: str) -> Answer:
    """Voids a proposed letter, with a reason."""
    return _answer(door.decline(letter_id, body, _current))


@blueprint.route("/letters/<letter_id>/acknowledge", methods=["POST"])
@web.requires("unit")
@blueprint.arguments(schemas.NothingMore)
@blueprint.response(200, schemas.LetterAnswer)
def acknowledge(body: dict[str, Any], letter_id: str) -> Answer:
    """The unit confirms that it has its letter; another unit's letter does not exist for it."""
    return _answer(door.acknowledge(letter_id, body, _current))


@blueprint.route("/messages")
@web.requires("operator", "centre")
@blueprint.arguments(schemas.MessageQuery, location="query")
@blueprint.response(200, schemas.MessagesAnswer)
def list_messages(query: dict[str, Any]) -> dict[str, Any]:
    """What was planned and done to tell people about one case."""
    with web.database().transaction() as tx:
        return {"messages": store.messages.of_case(tx, query["case"])}


def _current(letter: Letter) -> None:
    web.expect_revision(letter.revision)


def _answer(letter: Letter) -> Answer:
    return commands.answer_of(letter), {"ETag": web.etag(letter.revision)}
