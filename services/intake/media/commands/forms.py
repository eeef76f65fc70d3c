"""Files that came with a form sent without the script."""

from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, Protocol

from chassis.database import Database
from services.intake.domain.file_type import HEAD
from services.intake.domain.media import Kind, Reason
from services.intake.domain.media_keys import piece_key
from services.intake.domain.requests import UploadRequest
from services.intake.domain.upload_rules import check_size, check_type
from services.intake.errors import TooManyFiles
from services.intake.media.commands import uploading
from services.intake.media.commands.uploading import FORM_FIELDS
from services.intake.media.context import MediaContext, UploadHandle


class FormFile(Protocol):
    """A file of a form, as werkzeug hands it over: on disk, not in memory."""

    filename: str | None
    stream: Any


def store_files(
    database: Database, context: MediaContext, files: Mapping[Kind, Sequence[FormFile]], consent: bool, source: str
) -> list[UploadHandle]:
    """Streams each of a form's files to the object store.

    Call it before the transaction that binds them to a case. Raises what `begin` and `record_piece` do, UploadRefused,
    TooManyFiles, StoreUnavailable.
    """
    sent = [(kind, each) for kind, several in files.items() for each in several if each.filename]
    allowance = context.settings.allowance
    kinds = [kind for kind, _ in sent]
    if kinds.count(Kind.PHOTO) > allowance.photos or kinds.count(Kind.VIDEO) > allowance.videos:
        raise TooManyFiles("media", photos=allowance.photos, videos=allowance.videos)
    return [_stored(database, context, kind, each.stream, consent, source) for kind, each in sent]


def _stored(
    database: Database, context: MediaContext, kind: Kind, body: BinaryIO, consent: bool, source: str
) -> UploadHandle:
    size = body.seek(0, 2)
    body.seek(0)
    if reason := Reason.DAMAGED if size == 0 else check_type(kind, body.read(HEAD)):
        raise uploading.refusal(kind, reason)
    body.seek(0)
    check_size(kind, size, context.settings.allowance, FORM_FIELDS[kind])
    with database.transaction() as tx:
        handle = uploading.begin(tx, context, UploadRequest(kind, size, consent), source)
        media = uploading.owned(tx, context, handle)
    context.objects.put(piece_key(handle.id, 0, size), body)
    uploading.record_piece(database, media, 0, size)
    return handle
