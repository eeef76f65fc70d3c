import pytest
from marshmallow import Schema, fields, validate

from chassis import web
from chassis.database import Database
from chassis.delivery.events import Moment
from chassis.errors import DomainError
from chassis.settings import DEVELOPMENT_ISSUER, Settings
from chassis.web.issuers import DevelopmentIssuer


class IllegalTransition(DomainError):
    code = "illegal_transition"


class CaseNotFound(DomainError):
    code = "case_not_found"


class ItemSchema(Schema):
    name = fields.String()


class LetterSchema(Schema):
    """A letter as a resident writes it."""

    name = fields.String(required=True, validate=validate.Length(1, 20))
    kind = fields.String(validate=validate.OneOf(["help", "praise"]))
    floor = fields.Integer(strict=True, validate=validate.Range(1, 99))
    at = Moment()
    lines = fields.List(fields.Nested(ItemSchema))
    extra = fields.Raw()


class ListQuery(Schema):
    limit = fields.Integer(load_default=20, validate=validate.Range(1, 100))


def blueprint():
    blueprint = web.Blueprint("letters", __name__, description="Letters")

    @blueprint.route("/letters", methods=["POST"])
    @blueprint.arguments(LetterSchema)
    @blueprint.response(201, LetterSchema)
    def write(letter):
        """Write a letter."""
        return letter

    @blueprint.route("/letters", methods=["GET"])
    @blueprint.arguments(ListQuery, location="query")
    @blueprint.response(200, ListQuery)
    def browse(query):
        return query

    @blueprint.route("/letters/<number>", methods=["GET"])
    def read(number):
        raise CaseNotFound

    @blueprint.route("/letters/<number>/accept", methods=["POST"])
    @blueprint.arguments(LetterSchema)
    @web.requires("centre", "unit")
    def accept(letter, number):
        raise IllegalTransition("state", state="closed", legal=["reopen", "archive"])

    @blueprint.route("/me", methods=["GET"])
    @web.requires("centre", "unit", "leader")
    def me():
        who = web.caller()
        return {"subject": who.subject, "unit": who.unit, "scopes": sorted(who.scopes)}

    @blueprint.route("/public", methods=["GET"])
    def public():
        return {"subject": web.caller().subject, "address": web.client_address()}

    @blueprint.route("/revision", methods=["POST"])
    def revision():
        web.expect_revision(7)
        return {}, {"ETag": web.etag(7)}

    @blueprint.route("/bug", methods=["GET"])
    def bug():
        raise KeyError("13800000012")

    @blueprint.route("/store", methods=["GET"])
    def store():
        with web.database().transaction():
            return {}

    return blueprint


@pytest.fixture(scope="session")
def issuer():
    return DevelopmentIssuer.new()


@pytest.fixture
def settings(issuer, tmp_path):
    jwks = tmp_path / "jwks.json"
    jwks.write_text(issuer.jwks)
    # Port 1 of the loopback answers nobody: a database that is away.
    url = "postgresql+psycopg2://nobody@127.0.0.1:1/nothing"
    return Settings(profile="dev", database_url=url, jwks=str(jwks), token_issuer=DEVELOPMENT_ISSUER)


@pytest.fixture
def app(settings):
    errors = web.ErrorTable(
        statuses={"illegal_transition": 409, "case_not_found": 404},
        sentences={"illegal_transition": "当前状态为 {state}，可以：{legal}。", "case_not_found": "没有这件诉求。"},
    )
    return web.create_app("post", settings, Database(settings.database_url), blueprints=[blueprint()], errors=errors)


@pytest.fixture
def door(app):
    """A client whose addresses begin behind `/api/post/v1`."""
    return app.test_client()


@pytest.fixture
def bearer(issuer):
    def header(subject="officer", *roles, **claims):
        return {"Authorization": f"Bearer {issuer.token(subject, *roles, **claims)}"}

    return header
