"""The public directory (R113): for anybody, the whole street or the page of one community that its QR code opens."""

from datetime import date

from flask import Response, abort
from sqlalchemy import Connection

from chassis import clock, pages, web
from chassis.pages.filters import ZONE
from services import limits
from services.dispatch import commands
from services.dispatch.domain.organisation import Unit

blueprint = pages.Blueprint("directory", __name__, url_prefix="/directory")


@blueprint.get("")
def street() -> Response:
    """Leaders first, then every community that has somebody to call."""
    with web.database().transaction() as tx:
        return _page(tx, _communities(tx))


@blueprint.get("/<code>")
def community(code: str) -> Response:
    """One community, with the leaders of the street beneath; 404 if there is none of that code."""
    with web.database().transaction() as tx:
        found = [unit for unit in _communities(tx) if unit.code == code]
        if not found:
            abort(404)
        return _page(tx, found, alone=found[0])


def _page(tx: Connection, communities: list[Unit], alone: Unit | None = None) -> Response:
    directory = commands.public_directory(tx)
    return pages.page(
        "directory/list.html",
        leaders=directory.leaders(),
        communities=[(unit, entries) for unit in communities if (entries := directory.of(unit.code)) or alone],
        alone=alone,
        today=_today(tx),
        hours=limits.hours_in_words,
    )


def _communities(tx: Connection) -> list[Unit]:
    return [unit for unit in commands.units(tx) if unit.kind == "community" and unit.active]


def _today(tx: Connection) -> date:
    return clock.now(tx).astimezone(ZONE).date()
