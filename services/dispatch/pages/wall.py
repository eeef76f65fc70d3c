"""The wall: how many cases are open, yellow and red, by unit and by community; every number opens its list."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Response

from chassis import clock, pages, web
from services.dispatch import commands
from services.dispatch.pages.case import STAFF

blueprint = pages.Blueprint("wall", __name__, url_prefix="/wall")
MARKS = (("all", "open", "未办结"), ("yellow", "yellow", "预警黄"), ("red", "red", "警报红"))


@blueprint.get("")
@pages.requires(*STAFF)
def wall() -> Response:
    """For a screen that everybody sees; a unit sees its own cases."""
    return pages.page("wall/wall.html", **_figures())


@blueprint.get("/figures")
@pages.requires(*STAFF)
def figures() -> Response:
    """The numbers alone, asked for every few seconds."""
    return pages.fragment("wall/figures.html", **_figures())


def _figures() -> Mapping[str, Any]:
    who = pages.caller()
    with web.database().transaction() as tx:
        units, communities = commands.wall(tx, who.scopes)
        names = {unit.code: unit.name for unit in commands.units(tx)}
        now = clock.now(tx)
    return {
        "totals": [
            (tab, words, sum(getattr(count, field) for count in units), _list(tab)) for tab, field, words in MARKS
        ],
        "tables": [
            ("按主办单位", "单位", "尚未分拨", _lines("unit", units)),
            ("按社区", "社区", "未写明社区", _lines("community", communities)),
        ],
        "names": names,
        "own": names.get(who.unit or "") if "unit" in who.roles else None,
        "now": now,
    }


def _lines(what: str, counts: Any) -> list[tuple[Any, list[tuple[str, int, str]]]]:
    """Each count with its numbers and the lists they open: most red first, then yellow, then open."""
    ordered = sorted(counts, key=lambda count: (-count.red, -count.yellow, -count.open, count.code or ""))
    return [
        (each.code, [(tab, getattr(each, field), _list(tab, **{what: each.code or "none"})) for tab, field, _ in MARKS])
        for each in ordered
        if each.open
    ]


def _list(tab: str, **narrowed: str) -> str:
    return f"/desk?{urlencode({'tab': tab, **narrowed})}"
