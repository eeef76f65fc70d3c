"""A file's bytes over HTTP, whole or in part, from the object store."""

from collections.abc import Iterator

from flask import Response, request

from services.intake.domain.media import RENDITIONS, Media
from services.intake.domain.media_keys import rendition_key
from services.intake.front_door import media_context

POLICY = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": POLICY,
    # Kept by this browser alone, and asked for again after ten minutes.
    "Cache-Control": "private, max-age=600",
    "Vary": "Cookie, Authorization",
    "Accept-Ranges": "bytes",
}


def streamed(media: Media, rendition: str) -> Response:
    """One rendition, or the range of it that the request asks for; 304 if the browser has it, 416 beyond its end."""
    name, type_ = RENDITIONS[media.kind][rendition]
    size, etag = media.sizes[rendition], f'"{media.id}.{rendition}"'
    headers = HEADERS | {"ETag": etag, "Content-Disposition": f'inline; filename="{name}"'}
    if request.headers.get("If-None-Match") == etag:
        return Response(status=304, headers=headers)
    asked = request.range if request.headers.get("If-Range", etag) == etag else None
    part = asked.range_for_length(size) if asked else None
    if asked and part is None and len(asked.ranges) == 1:
        return Response(status=416, headers=headers | {"Content-Range": f"bytes */{size}"})
    start, end = part or (0, size)
    if part:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    headers["Content-Length"] = str(end - start)
    body = _bytes(media, rendition, start, end) if request.method == "GET" else None
    return Response(body, 206 if part else 200, headers, content_type=type_)


def _bytes(media: Media, rendition: str, start: int, end: int) -> Iterator[bytes]:
    return media_context().objects.stream(rendition_key(media.id, media.kind, rendition), start, end)
