from pathlib import Path

import pytest
from flask import request
from marshmallow import Schema, ValidationError, fields, validate

from chassis import pages, web
from chassis.database import Database
from chassis.errors import DomainError
from chassis.settings import DEVELOPMENT_ISSUER, Settings
from chassis.web.issuers import DevelopmentIssuer


class CaseNotFound(DomainError):
    code = "case_not_found"


class NoteSchema(Schema):
    words = fields.String(required=True, validate=validate.Length(2, 20))


def blueprint():
    blueprint = pages.Blueprint("notes", __name__, template_folder=str(Path(__file__).parent / "templates"))
    uploads = pages.Blueprint("uploads", __name__, max_content_length=3_000_000)

    @blueprint.route("/notes")
    def browse():
        return pages.page("notes.html", typed={}, errors={})

    @blueprint.route("/notes", methods=["POST"])
    def write():
        typed = {"words": request.form.get("words", "")}
        try:
            NoteSchema().load(typed)
        except ValidationError as error:
            return pages.page("notes.html", status=422, typed=typed, errors=pages.errors_of(error))
        return pages.back("/notes", said="已保存。")

    @blueprint.route("/notes/<number>")
    @pages.requires("centre")
    def read(number):
        raise CaseNotFound

    @blueprint.route("/notes/<number>", methods=["POST"])
    @pages.requires("centre")
    def change(number):
        return pages.back("/notes", said=pages.caller().subject)

    @blueprint.route("/bug")
    def bug():
        raise KeyError("13800000012")

    @blueprint.route("/store")
    def store():
        with web.database().transaction():
            return ""

    @blueprint.route("/busy")
    def busy():
        raise web.problems.Refusal("too_many_requests", retry_after=60)

    @blueprint.route("/anywhere", methods=["POST"])
    @pages.csrf_exempt
    def anywhere():
        return "ok"

    @uploads.route("/uploads", methods=["POST"])
    def upload():
        return str(len(request.get_data()))

    return [blueprint, uploads]


def api():
    blueprint = web.Blueprint("letters", __name__)

    @blueprint.route("/letters", methods=["POST"])
    @web.requires("centre")
    def write():
        return {"who": web.caller().subject}

    @blueprint.route("/open", methods=["POST"])
    def open_to_all():
        return {"who": web.caller().subject}

    return blueprint


@pytest.fixture(scope="session")
def issuer():
    return DevelopmentIssuer.new()


@pytest.fixture
def settings(issuer, tmp_path):
    jwks = tmp_path / "jwks.json"
    jwks.write_text(issuer.jwks)
    url = "postgresql+psycopg2://nobody@127.0.0.1:1/nothing"
    return Settings(profile="dev", database_url=url, jwks=str(jwks), token_issuer=DEVELOPMENT_ISSUER)


@pytest.fixture
def app(settings):
    errors = web.ErrorTable(statuses={"case_not_found": 404}, sentences={"case_not_found": "没有这件诉求。"})
    blueprints = [*blueprint(), api()]
    return web.create_app("post", settings, Database(settings.database_url), blueprints=blueprints, errors=errors)


@pytest.fixture
def browser(app):
    """A client that keeps cookies, as a browser does."""
    return app.test_client()


@pytest.fixture
def officer(browser, issuer):
    """The same browser, with the token of an officer of the centre."""
    browser.set_cookie("lianxin_token", issuer.token("chen", "centre", unit="CENTRE"))
    return browser
