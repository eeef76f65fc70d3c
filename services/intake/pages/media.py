"""Photos and videos as they are looked at: by the resident of the case, and by the officers who may.

Nothing is open by default: whoever may not see a file, or a case, is told that there is none.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flask import Response, current_app, request

from chassis import pages, web
from chassis.database import Connection
from chassis.errors import DomainError
from chassis.web.callers import identified
from services.intake.domain.media import (
    RENDITIONS,
    Kind,
    Media,
    Sight,
    Stage,
    State,
    alt,
    officer_sees,
    resident_sees,
    said,
)
from services.intake.domain.media_keys import rendition_key
from services.intake.domain.numbering import as_typed
from services.intake.errors import MediaNotFound, TooManyFiles, UploadRefused, UploadTooLarge, UploadUnfinished
from services.intake.media import commands as media_commands
from services.intake.media.commands import Claim
from services.intake.media.uploads import cabinet, source
from services.intake.pages import visit

blueprint = pages.Blueprint("media", __name__)

OFFICERS = ("centre", "unit", "leader", "supervisor")
FORM_BYTES = 200 << 20
WORKING = frozenset({"dispatched", "acknowledged", "handling", "replied"})
"""States of dispatch in which a unit adds to its work log."""
STAGE_NAMES = {Stage.LETTER: "来信", Stage.SUPPLEMENT: "补充", Stage.WORK: "办理"}
POLICY = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": POLICY,
    # Kept by this browser alone, and asked for again after ten minutes.
    "Cache-Control": "private, max-age=600",
    "Vary": "Cookie, Authorization",
    "Accept-Ranges": "bytes",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One file on a page: the words for who can't see it, and one sentence about how it stands."""

    media: Media
    alt: str
    said: str
    stage: str

    @property
    def ready(self) -> bool:
        return self.media.state is State.READY


@blueprint.route("/media/<id_>/<any(thumb, large, file):rendition>")
def show(id_: str, rendition: str) -> Response:
    """One file, or a part of it."""
    with web.database().transaction() as tx:
        media, sight = media_commands.one(tx, id_)
    if media.state is not State.READY or not _may_see(media, sight):
        raise MediaNotFound()
    return _streamed(media, rendition)


@blueprint.route("/media/cases/<number>")
@pages.requires(*OFFICERS)
def of_case(number: str) -> Response:
    """The figures of a case: a fragment for the pages of other services."""
    with web.database().transaction() as tx:
        files, sight = seen_by_officer(tx, number)
    return pages.fragment("media/case.html", number=number, figures=figures(files), may_add=_may_add(sight))


@blueprint.route("/media/cases/<number>/add")
@pages.requires(*OFFICERS)
def form(number: str) -> Response:
    """Where a unit adds photos and a video to its work log."""
    with web.database().transaction() as tx:
        _, sight = seen_by_officer(tx, number)
    if not _may_add(sight):
        raise MediaNotFound()
    return pages.page("media/add.html", number=number, errors={})


@blueprint.route("/media/cases/<number>/add", methods=["POST"])
@pages.requires(*OFFICERS)
def add(number: str) -> Response:
    """Takes the files of the form, and those its script has sent already."""
    with web.database().transaction() as tx:
        _, sight = seen_by_officer(tx, number)
    if not _may_add(sight):
        raise MediaNotFound()
    try:
        count = _added(number)
    except (UploadRefused, UploadTooLarge, UploadUnfinished, TooManyFiles) as refused:
        return pages.page("media/add.html", status=422, number=number, errors={"photos": sentence(refused)})
    return pages.back(f"/desk/cases/{number}", said=f"已添加{count}个文件。" if count else "没有添加文件。")


add.max_content_length = FORM_BYTES  # type: ignore[attr-defined]


def figures(files: Sequence[Media]) -> list[Figure]:
    """Files as a template shows them, numbered from 1."""
    return [
        Figure(each, alt(each, n), said(each), STAGE_NAMES[each.stage or Stage.LETTER])
        for n, each in enumerate(files, 1)
    ]


def of_resident(tx: Connection, number: str) -> list[Figure]:
    """What the resident of the case sees of it, for the progress page. Raises MediaNotFound."""
    files, sight = media_commands.of_case(tx, number)
    return figures([each for each in files if resident_sees(each, sight)])


def seen_by_officer(tx: Connection, number: str) -> tuple[list[Media], Sight]:
    """The case's files for the officer who asks. Raises MediaNotFound if there is no such case for them."""
    files, sight = media_commands.of_case(tx, as_typed(number))
    who = identified()
    if not officer_sees(sight, who.roles, who.unit, who.scopes):
        raise MediaNotFound()
    return files, sight


def taken() -> list[Claim]:
    """The files of the current form: fields `photos` and `video`, and those its script has sent already.

    Raises what `media_commands.take_files` and `claims` do.
    """
    sent = {Kind.PHOTO: request.files.getlist("photos"), Kind.VIDEO: request.files.getlist("video")}
    before = media_commands.claims(request.form.get("media", ""))
    consent = request.form.get("media_consent") == "true"
    return before + media_commands.take_files(web.database(), cabinet(), sent, consent, source())


def sentence(refused: DomainError) -> str:
    """The Chinese sentence of a refused file."""
    table: web.ErrorTable = current_app.extensions["lianxin.errors"]
    return table.sentence(refused.code, refused.data)


def _added(number: str) -> int:
    files = taken()
    # A form sent twice has its files twice, under other ids: the second are forgotten after a day.
    with web.database().transaction() as tx, web.idempotent(tx, route="media.add", request_hash_of=number) as once:
        if once.existing:
            return len(files)
        count = media_commands.bind(tx, cabinet(), number, files, Stage.WORK, identified().unit)
        once.remember(number)
    return count


def _may_see(media: Media, sight: Sight) -> bool:
    who = identified()
    if who.subject and officer_sees(sight, who.roles, who.unit, who.scopes):
        return True
    return media.number == visit.held() and resident_sees(media, sight)


def _may_add(sight: Sight) -> bool:
    who = identified()
    return "unit" in who.roles and who.unit in (sight.unit, *sight.helpers) and sight.state in WORKING


def _streamed(media: Media, rendition: str) -> Response:
    name, type_ = RENDITIONS[media.kind][rendition]
    size, mark = media.sizes[rendition], f'"{media.id}.{rendition}"'
    headers = HEADERS | {"ETag": mark, "Content-Disposition": f'inline; filename="{name}"'}
    if request.headers.get("If-None-Match") == mark:
        return Response(status=304, headers=headers)
    asked = request.range if request.headers.get("If-Range", mark) == mark else None
    part = asked.range_for_length(size) if asked else None
    if asked and part is None and len(asked.ranges) == 1:
        return Response(status=416, headers=headers | {"Content-Range": f"bytes */{size}"})
    start, end = part or (0, size)
    if part:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    headers["Content-Length"] = str(end - start)
    body = _body(media, rendition, start, end) if request.method == "GET" else None
    return Response(body, 206 if part else 200, headers, content_type=type_)


def _body(media: Media, rendition: str, start: int, end: int) -> Iterator[bytes]:
    return cabinet().objects.stream(rendition_key(media.id, media.kind, rendition), start, end)
