"""QR codes: where a printed one leads, and where the centre makes, revokes and prints them."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, cast

import segno
from flask import Response, request
from markupsafe import Markup
from marshmallow import ValidationError

from chassis import pages, web
from services import limits
from services.intake.commands import qr_codes
from services.intake.domain.qr_code import QrCode
from services.intake.domain.requests import QrCodeRequest
from services.intake.errors import SENTENCES, UnknownCommunity
from services.intake.front_door import context
from services.intake.pages import letter
from services.intake.schemas.reception import QrCodeSchema

blueprint = pages.Blueprint("qr_codes", __name__)
SHEET = 200


@blueprint.get("/q/<token>")
def scan(token: str) -> Response:
    """The letter form at the code's place, which the resident may change."""
    with web.database().transaction() as tx:
        code = qr_codes.scanned(tx, token)
    if code is None:
        return pages.page("letter/revoked.html", status=410)
    typed = {"identity": "named", "community": code.community or "", "place": code.place, "qr_code": token}
    return letter.form(typed)


@blueprint.post("/q/<token>/start")
@pages.csrf_exempt
def start(token: str) -> Response:
    """The script reports that somebody has begun to type."""
    with web.database().transaction() as tx:
        qr_codes.started(tx, token)
    return Response(status=204)


@blueprint.get("/reception/codes")
@pages.requires("centre")
def every() -> Response:
    """All codes with what came of them, and the form for a new one."""
    return _codes({})


@blueprint.post("/reception/codes")
@pages.requires("centre")
def create() -> Response:
    """Makes a code."""
    typed = {name: request.form.get(name, "") for name in ("community", "place", "label")}
    try:
        asked = cast(QrCodeRequest, QrCodeSchema().load({**typed, "community": typed["community"] or None}))
        payload = asdict(asked)
        with web.database().transaction() as tx, web.idempotent(tx, route="qr_code", request_hash_of=payload) as once:
            if not once.existing:
                once.remember(qr_codes.create(tx, context(), asked).token)
    except ValidationError as error:
        return _codes(typed, pages.errors_of(error), 422)
    except UnknownCommunity as error:
        return _codes(typed, pages.errors_of(error, SENTENCES[error.code]), 422)
    return pages.back("/reception/codes", "二维码已生成，可以打印。")


@blueprint.post("/reception/codes/<token>/revoke")
@pages.requires("centre")
def revoke(token: str) -> Response:
    """The printed code no longer opens the form."""
    with web.database().transaction() as tx:
        qr_codes.revoke(tx, token)
    return pages.back("/reception/codes", "二维码已停用。")


@blueprint.get("/reception/codes/sheet")
@pages.requires("centre")
def sheet() -> Response:
    """Codes to be printed on A4, six on a page: those asked for, or all in use."""
    asked = set(request.args.getlist("code"))
    with web.database().transaction() as tx:
        codes = [each for each in qr_codes.every(tx) if not each.revoked_at and (not asked or each.token in asked)]
    return pages.page("reception/sheet.html", codes=[_printed(each) for each in codes[:SHEET]], hours=limits.hours)


def _codes(typed: dict[str, str], errors: dict[str, str] | None = None, status: int = 200) -> Response:
    with web.database().transaction() as tx:
        codes: Sequence[QrCode] = qr_codes.every(tx)
    return pages.page(
        "reception/codes.html",
        status=status,
        codes=codes,
        typed=typed,
        errors=errors or {},
        communities=letter.communities("整个街道"),
        community=context().settings.community_name,
    )


def _printed(code: QrCode) -> dict[str, Any]:
    address = f"{context().settings.public_address or request.host_url.rstrip('/')}/q/{code.token}"
    community = context().settings.community_name(code.community) if code.community else "全街道"
    drawing = segno.make(address, error="m", micro=False)
    drawn = Markup(drawing.svg_inline(omitsize=True, border=2, svgclass="qr", lineclass=None))  # noqa: S704
    return {"drawn": drawn, "address": address, "place": code.place or community}
