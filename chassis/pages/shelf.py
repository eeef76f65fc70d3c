"""Static files: held in memory, addressed by their content, kept by browsers for a year."""

import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from flask import Response, abort, current_app, request

EXTENSION = "lianxin.static"
OWN = Path(__file__).parent / "static"
TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
FOREVER, NOT_AT_ALL = "public, max-age=31536000, immutable", "no-cache"


@dataclass(frozen=True, slots=True)
class Piece:
    """One file: `address` is what it is asked for by, with its content's hash in it."""

    address: str
    content: bytes
    type: str


class Shelf:
    """The chassis's own files as `lianxin.css`, a service's as `dispatch/desk.js`."""

    def __init__(self) -> None:
        self._pieces: dict[str, Piece] = {}
        self.add(OWN, "")

    def add(self, folder: Path, prefix: str) -> None:
        """Every file of `folder`, named behind `prefix`."""
        for path in sorted(folder.iterdir()):
            if path.is_file():
                self._pieces[prefix + path.name] = _piece(path, prefix)

    def find(self, name: str) -> Piece:
        """The file called `name`. Raises KeyError."""
        return self._pieces[name]


def static(name: str) -> str:
    """The address of a static file: the chassis's `lianxin.css`, or this service's own `desk.js`. Raises KeyError."""
    shelf, service = _shelf(), current_app.name.rpartition(".")[2]
    try:
        return shelf.find(f"{service}/{name}").address
    except KeyError:
        return shelf.find(name).address


def serve(name: str) -> Response:
    """GET /static/…: an older hash, from a page of a moment ago, gets today's content and is not kept."""
    folder, _, file = name.rpartition("/")
    stem, _, rest = file.partition(".")
    _, _, ending = rest.rpartition(".")
    try:
        piece = _shelf().find(f"{folder}/{stem}.{ending}" if folder else f"{stem}.{ending}")
    except KeyError:
        abort(404)
    answer = Response(piece.content, content_type=piece.type)
    answer.headers["Cache-Control"] = FOREVER if request.path == piece.address else NOT_AT_ALL
    return answer


def _shelf() -> Shelf:
    return cast(Shelf, current_app.extensions[EXTENSION])


def _piece(path: Path, prefix: str) -> Piece:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:12]
    stem, _, ending = path.name.partition(".")
    kind = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Piece(f"/static/{prefix}{stem}.{digest}.{ending}", content, kind)
