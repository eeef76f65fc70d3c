"""Uploads that go on after a cut, over HTTP: the core of tus 1.0 with creation and termination.

The secret travels in `Upload-Token`, never in an address: the client chooses one (22 to 86 letters, digits, `-`, `_`),
or takes the one it is given.
"""

import base64
import binascii
from contextlib import suppress
from typing import cast

from flask import Blueprint, Flask, Response, current_app, jsonify, request

from chassis import logs, web
from chassis.web import problems
from chassis.web.callers import identified
from chassis.web.problems import Refusal
from services.intake.domain.media import CHUNK, Kind, said
from services.intake.errors import UploadNotFound
from services.intake.media import commands as media_commands
from services.intake.media.commands import TOKEN, Cabinet, Claim
from services.intake.media.objects.port import StoreUnavailable

log = logs.get(__name__)

blueprint = Blueprint("uploads", __name__, url_prefix="/uploads")
blueprint.max_content_length = CHUNK  # type: ignore[attr-defined]

VERSION = "1.0.0"
PIECE_TYPE = "application/offset+octet-stream"
_YES = {"1", "true", "yes", "on"}


@blueprint.before_request
def check_version() -> Response | None:
    """Another version of the protocol is refused with the one we speak; looking needs none."""
    if request.method in ("GET", "OPTIONS") or request.headers.get("Tus-Resumable") == VERSION:
        return None
    raise Refusal("stale", "Tus-Resumable", version=VERSION)


@blueprint.after_request
def say_version(answer: Response) -> Response:
    answer.headers.update({"Tus-Resumable": VERSION, "Tus-Version": VERSION})
    return answer


@blueprint.route("", methods=["OPTIONS"], provide_automatic_options=False)
def capabilities() -> Response:
    """What this server can do, as tus clients ask."""
    allowance = cabinet().settings.allowance
    said = {"Tus-Extension": "creation,termination", "Tus-Max-Size": str(allowance.video_bytes)}
    return Response(status=204, headers=said)


@blueprint.route("", methods=["POST"])
def begin() -> Response:
    """Begins an upload; `Upload-Metadata` says its `kind` (photo, video) and `consent` to keep time and place."""
    told, size, token = _metadata(), _number("Upload-Length"), request.headers.get("Upload-Token")
    if told.get("kind") not in set(Kind) or size < 1 or (token and not TOKEN.fullmatch(token)):
        raise Refusal("bad_request", "Upload-Metadata")
    with web.database().transaction() as tx:
        kind, consent = Kind(told["kind"]), told.get("consent", "") in _YES
        claim = media_commands.begin(tx, cabinet(), kind, size, consent, source(), token)
    answer = jsonify(id=claim.id, token=claim.token)
    answer.status_code = 201
    answer.headers.update({"Location": f"/uploads/{claim.id}", "Upload-Token": claim.token, "Upload-Offset": "0"})
    return answer


@blueprint.route("/<id_>", methods=["HEAD"])
def offset(id_: str) -> Response:
    """Where to go on."""
    media = media_commands.upload(web.database(), cabinet(), _claim(id_))
    return Response(headers={"Upload-Offset": str(media.offset), "Upload-Length": str(media.size)})


@blueprint.route("/<id_>", methods=["GET"])
def state(id_: str) -> Response:
    """How the file stands, for the page that sent it."""
    media = media_commands.upload(web.database(), cabinet(), _claim(id_))
    told = {"state": media.state, "offset": media.offset, "size": media.size, "bound": media.number is not None}
    return jsonify(told | {"reason": media.reason, "said": said(media)})


@blueprint.route("/<id_>", methods=["PATCH"])
def add_piece(id_: str) -> Response:
    """One piece of at most 2 MB; all but the last have at least 64 KB."""
    if request.mimetype != PIECE_TYPE:
        raise Refusal("unsupported_media_type")
    start, piece = _number("Upload-Offset"), request.get_data(cache=False)
    end = media_commands.add_piece(web.database(), cabinet(), _claim(id_), start, piece)
    return Response(status=204, headers={"Upload-Offset": str(end)})


@blueprint.route("/<id_>", methods=["DELETE"])
def give_up(id_: str) -> Response:
    """The sender does not want it any more."""
    media_commands.give_up(web.database(), cabinet(), _claim(id_))
    return Response(status=204)


def cabinet() -> Cabinet:
    return cast(Cabinet, current_app.extensions["intake.media"])


def source() -> str:
    """From whom uploads are counted: the officer, or the address."""
    with suppress(Refusal):  # a token that has ended is no reason to refuse a file
        if subject := identified().subject:
            return f"officer {subject}"
    return web.client_address()


def _claim(id_: str) -> Claim:
    token = request.headers.get("Upload-Token", "")
    if not TOKEN.fullmatch(token):
        raise UploadNotFound()
    return Claim(id_, token)


def _number(header: str) -> int:
    text = request.headers.get(header, "")
    if not text.isascii() or not text.isdecimal() or len(text) > 15:
        raise Refusal("bad_request", header)
    return int(text)


def _metadata() -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in request.headers.get("Upload-Metadata", "").split(","):
        name, _, value = pair.strip().partition(" ")
        try:
            found[name] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError):
            raise Refusal("bad_request", "Upload-Metadata") from None
    return found


def install(app: Flask, cabinet: Cabinet) -> None:
    """Gives the application what uploads and media stand on, and the answer while the object store is away."""
    app.extensions["intake.media"] = cabinet
    app.register_error_handler(StoreUnavailable, _store_away)


def _store_away(error: StoreUnavailable) -> Response:
    log.error("object store unavailable", reason=str(error))
    return problems.refused(Refusal("unavailable", retry_after=5))
