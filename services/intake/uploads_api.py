"""Resumable uploads over HTTP: the core of tus 1.0 with creation and termination.

The secret travels in the header `Upload-Token`, never in an address: the client chooses one (22 to 86 letters, digits,
`-`, `_`), or uses the one it is given.
"""

import base64
import binascii
from contextlib import suppress

from flask import Blueprint, Flask, Response, jsonify, request

from chassis import logs, web
from chassis.web import problems
from chassis.web.callers import identified
from chassis.web.problems import Refusal
from services.intake.domain.media import Kind, status_sentence
from services.intake.domain.requests import UploadRequest
from services.intake.domain.upload_rules import CHUNK
from services.intake.errors import UploadNotFound
from services.intake.front_door import media_context
from services.intake.media.commands import uploading
from services.intake.media.context import TOKEN, UploadHandle
from services.intake.media.objects.port import StoreUnavailable

log = logs.get(__name__)

blueprint = Blueprint("uploads", __name__, url_prefix="/uploads")
blueprint.max_content_length = CHUNK  # type: ignore[attr-defined]

VERSION = "1.0.0"
PIECE_TYPE = "application/offset+octet-stream"
_YES = {"1", "true", "yes", "on"}


@blueprint.before_request
def check_version() -> Response | None:
    """Refuses any other version of the protocol and names ours; GET and OPTIONS need none."""
    if request.method in ("GET", "OPTIONS") or request.headers.get("Tus-Resumable") == VERSION:
        return None
    raise Refusal("stale", "Tus-Resumable", version=VERSION)


@blueprint.after_request
def say_version(answer: Response) -> Response:
    answer.headers.update({"Tus-Resumable": VERSION, "Tus-Version": VERSION})
    return answer


@blueprint.route("", methods=["OPTIONS"], provide_automatic_options=False)
def capabilities() -> Response:
    """What this server can do, for tus clients that ask."""
    allowance = media_context().settings.allowance
    headers = {"Tus-Extension": "creation,termination", "Tus-Max-Size": str(allowance.video_bytes)}
    return Response(status=204, headers=headers)


@blueprint.route("", methods=["POST"])
def begin() -> Response:
    """Begins an upload; `Upload-Metadata` says its `kind` (photo, video) and `consent` to keep time and place."""
    upload_request = _upload_request()
    with web.database().transaction() as tx:
        handle = uploading.begin(tx, media_context(), upload_request, source())
    answer = jsonify(id=handle.id, token=handle.token)
    answer.status_code = 201
    answer.headers.update({"Location": f"/uploads/{handle.id}", "Upload-Token": handle.token, "Upload-Offset": "0"})
    return answer


@blueprint.route("/<id_>", methods=["HEAD"])
def offset(id_: str) -> Response:
    """Where to resume."""
    media = uploading.upload(web.database(), media_context(), _handle(id_))
    return Response(headers={"Upload-Offset": str(media.offset), "Upload-Length": str(media.size)})


@blueprint.route("/<id_>", methods=["GET"])
def status(id_: str) -> Response:
    """The state of the file, for the page that sent it."""
    media = uploading.upload(web.database(), media_context(), _handle(id_))
    state = {"state": media.state, "offset": media.offset, "size": media.size, "bound": media.number is not None}
    return jsonify(state | {"reason": media.reason, "said": status_sentence(media)})


@blueprint.route("/<id_>", methods=["PATCH"])
def add_piece(id_: str) -> Response:
    """One piece of at most 2 MB; all but the last have at least 64 KB."""
    if request.mimetype != PIECE_TYPE:
        raise Refusal("unsupported_media_type")
    start, piece = _number("Upload-Offset"), request.get_data(cache=False)
    end = uploading.add_piece(web.database(), media_context(), _handle(id_), start, piece)
    return Response(status=204, headers={"Upload-Offset": str(end)})


@blueprint.route("/<id_>", methods=["DELETE"])
def cancel(id_: str) -> Response:
    """The sender no longer wants it."""
    uploading.cancel(web.database(), media_context(), _handle(id_))
    return Response(status=204)


def source() -> str:
    """To whom uploads are counted: the officer, or the address."""
    with suppress(Refusal):  # an expired token is no reason to refuse a file
        if subject := identified().subject:
            return f"officer {subject}"
    return web.client_address()


def _handle(id_: str) -> UploadHandle:
    token = request.headers.get("Upload-Token", "")
    if not TOKEN.fullmatch(token):
        raise UploadNotFound()
    return UploadHandle(id_, token)


def _upload_request() -> UploadRequest:
    metadata, size, token = _metadata(), _number("Upload-Length"), request.headers.get("Upload-Token")
    if metadata.get("kind") not in set(Kind) or size < 1 or (token and not TOKEN.fullmatch(token)):
        raise Refusal("bad_request", "Upload-Metadata")
    return UploadRequest(Kind(metadata["kind"]), size, metadata.get("consent", "") in _YES, token)


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


def install(app: Flask) -> None:
    """Registers the answer given while the object store is unavailable."""
    app.register_error_handler(StoreUnavailable, _store_unavailable)


def _store_unavailable(error: StoreUnavailable) -> Response:
    log.error("object store unavailable", reason=str(error))
    return problems.refused(Refusal("unavailable", retry_after=5))
