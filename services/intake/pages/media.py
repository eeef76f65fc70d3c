"""Photos and videos: shown to the case's resident and to the officers who may see them, and added by units."""

from flask import Response

from chassis import pages, web
from chassis.web.callers import identified
from services.intake.domain.media import Stage, State
from services.intake.errors import MediaNotFound, TooManyFiles, UploadRefused, UploadTooLarge, UploadUnfinished
from services.intake.front_door import media_context
from services.intake.media.commands import case_files
from services.intake.pages import attachments
from services.intake.pages.figures import figures
from services.intake.pages.media_access import OFFICERS, files_for_officer, may_add, may_see
from services.intake.pages.streaming import streamed

blueprint = pages.Blueprint("media", __name__)


@blueprint.route("/media/<id_>/<any(thumb, large, file):rendition>")
def show(id_: str, rendition: str) -> Response:
    """One file, or a part of it."""
    with web.database().transaction() as tx:
        media, visibility = case_files.one(tx, id_)
    if media.state is not State.READY or not may_see(media, visibility):
        raise MediaNotFound()
    return streamed(media, rendition)


@blueprint.route("/media/cases/<number>")
@pages.requires(*OFFICERS)
def of_case(number: str) -> Response:
    """The figures of a case: a fragment for the pages of other services."""
    with web.database().transaction() as tx:
        files, visibility = files_for_officer(tx, number)
    return pages.fragment("media/case.html", number=number, figures=figures(files), may_add=may_add(visibility))


@blueprint.route("/media/cases/<number>/add")
@pages.requires(*OFFICERS)
def form(number: str) -> Response:
    """The form by which a unit adds photos and a video to its work log."""
    _check_may_add(number)
    return pages.page("media/add.html", number=number, errors={})


@blueprint.route("/media/cases/<number>/add", methods=["POST"])
@pages.requires(*OFFICERS)
def add(number: str) -> Response:
    """Adds the files of the form, and those its script has already uploaded."""
    _check_may_add(number)
    try:
        count = _add(number)
    except (UploadRefused, UploadTooLarge, UploadUnfinished, TooManyFiles) as refused:
        errors = {"photos": attachments.sentence(refused)}
        return pages.page("media/add.html", status=422, number=number, errors=errors)
    return pages.back(f"/desk/cases/{number}", said=f"已添加{count}个文件。" if count else "没有添加文件。")


add.max_content_length = attachments.FORM_BYTES  # type: ignore[attr-defined]


def _check_may_add(number: str) -> None:
    with web.database().transaction() as tx:
        _, visibility = files_for_officer(tx, number)
    if not may_add(visibility):
        raise MediaNotFound()


def _add(number: str) -> int:
    handles = attachments.received()
    # A form sent twice has uploaded its files twice, under other ids: the second set is deleted after a day.
    with web.database().transaction() as tx, web.idempotent(tx, route="media.add", request_hash_of=number) as once:
        if once.existing:
            return len(handles)
        count = case_files.bind(tx, media_context(), number, handles, Stage.WORK, identified().unit)
        once.remember(number)
    return count
