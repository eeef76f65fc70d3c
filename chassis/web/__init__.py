"""The HTTP interface: Flask and flask-smorest, refusing everything that must not come in.

    app = web.create_app("sla", settings, database, blueprints=[api.blueprint], errors=errors.TABLE)

A view is `@blueprint.route(...)`, `@web.requires("centre")`, `@blueprint.arguments(...)`, `@blueprint.response(...)`.
"""

from chassis.web.addresses import client_address
from chassis.web.app import Blueprint, create_app, database
from chassis.web.callers import Caller, admit, caller, requires
from chassis.web.cookies import sign, unsign
from chassis.web.idempotency import Once, forget_idempotency, idempotent
from chassis.web.problems import ErrorTable
from chassis.web.revisions import etag, expect_revision

__all__ = [
    "Blueprint",
    "Caller",
    "ErrorTable",
    "Once",
    "admit",
    "caller",
    "client_address",
    "create_app",
    "database",
    "etag",
    "expect_revision",
    "forget_idempotency",
    "idempotent",
    "requires",
    "sign",
    "unsign",
]
