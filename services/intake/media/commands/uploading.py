"""One upload: begin it, add pieces, see where it stands, cancel it."""

import hmac
from datetime import datetime
from io import BytesIO
from typing import NoReturn

from sqlalchemy import Connection

from chassis import clock
from chassis.database import Database
from services.intake import metrics
from services.intake.domain.file_type import HEAD
from services.intake.domain.media import REASONS, Kind, Media, Reason, State
from services.intake.domain.media_keys import piece_key, pieces_below, renditions_below
from services.intake.domain.rate_limit import seconds_to_wait
from services.intake.domain.requests import UploadRequest
from services.intake.domain.upload_rules import check_piece, check_size, check_type
from services.intake.errors import TooManyUploads, UploadNotFound, UploadRefused, WrongOffset
from services.intake.media.context import MediaContext, UploadHandle, new_handle
from services.intake.media.store import uploads
from services.intake.store import count_try

FORM_FIELDS = {Kind.PHOTO: "photos", Kind.VIDEO: "video"}
"""The field of a form in which a file of each kind comes."""


def begin(tx: Connection, context: MediaContext, request: UploadRequest, source: str) -> UploadHandle:
    """A new upload from an address or an officer. Raises UploadTooLarge, TooManyUploads."""
    check_size(request.kind, request.size, context.settings.allowance)
    now, source_hash = clock.now(tx), context.secrecy.hash("uploads", source)
    if context.settings.limit_uploads:
        _check_rate(tx, context, source_hash, request.size, now)
    handle = new_handle(request.token)
    media = Media(handle.id, request.kind, State.UPLOADING, request.size, request.consent, now)
    uploads.add(tx, media, context.token_hash(handle), source_hash)
    metrics.UPLOADS.labels(request.kind, "begun").inc()
    return handle


def owned(tx: Connection, context: MediaContext, handle: UploadHandle) -> Media:
    """The upload this handle owns. Raises UploadNotFound."""
    for media, token_hash in uploads.found(tx, [handle.id]):
        if hmac.compare_digest(token_hash, context.token_hash(handle)):
            return media
    raise UploadNotFound()


def upload(database: Database, context: MediaContext, handle: UploadHandle) -> Media:
    """How an upload stands. Raises UploadNotFound."""
    with database.transaction() as tx:
        return owned(tx, context, handle)


def add_piece(database: Database, context: MediaContext, handle: UploadHandle, offset: int, piece: bytes) -> int:
    """Adds one piece and returns the new offset.

    Raises UploadNotFound, WrongOffset, UploadTooLarge, UploadRefused, StoreUnavailable. The same piece sent twice at
    once changes nothing: one of the two requests learns the new offset from WrongOffset.
    """
    media = upload(database, context, handle)
    end = check_piece(media, offset, len(piece))
    if offset == 0 and (reason := check_type(media.kind, piece[:HEAD])):
        _refuse(database, media, reason)
    context.objects.put(piece_key(media.id, offset, end), BytesIO(piece))
    return record_piece(database, media, offset, end)


def record_piece(database: Database, media: Media, start: int, end: int) -> int:
    """Records a piece that is in the object store; returns its end. Raises WrongOffset, UploadNotFound."""
    with database.transaction() as tx:
        if not uploads.grow(tx, media.id, start, end, clock.now(tx)):
            found = uploads.found(tx, [media.id])
            raise WrongOffset(offset=found[0][0].offset) if found else UploadNotFound()
    if end == media.size:
        metrics.UPLOADS.labels(media.kind, "received").inc()
    return end


def cancel(database: Database, context: MediaContext, handle: UploadHandle) -> None:
    """Deletes an upload that belongs to no case yet. Raises UploadNotFound."""
    media = upload(database, context, handle)
    if media.number is not None:
        raise UploadNotFound()
    for prefix in (pieces_below(media.id), renditions_below(media.id)):
        context.objects.forget(prefix)
    with database.transaction() as tx:
        uploads.drop(tx, media.id)
    metrics.UPLOADS.labels(media.kind, "given_up").inc()


def refusal(kind: Kind, reason: Reason) -> UploadRefused:
    """Counts a refused file and returns its error."""
    metrics.UPLOADS.labels(kind, reason).inc()
    return UploadRefused(FORM_FIELDS[kind], reason=str(reason), sentence=REASONS[reason])


def _refuse(database: Database, media: Media, reason: Reason) -> NoReturn:
    with database.transaction() as tx:
        uploads.refuse(tx, media.id, reason)
    raise refusal(media.kind, reason)


def _check_rate(tx: Connection, context: MediaContext, source: bytes, size: int, now: datetime) -> None:
    allowed = context.settings.uploads
    # The count's row stays locked until the commit: two uploads at once cannot both fit into the last free megabyte.
    tally = count_try(tx, source, allowed, now)
    if tally.count > allowed.most:
        raise TooManyUploads("photos", retry_after=seconds_to_wait(allowed, tally, now))
    if uploads.unsent(tx, source) + size > context.settings.unsent_megabytes << 20:
        raise TooManyUploads("photos", retry_after=3600)
