"""The files of a case: bound to it once they have arrived, and read."""

import hmac
from collections.abc import Iterable

from sqlalchemy import Connection

from chassis import clock
from services.intake.domain.media import Media, Stage, State
from services.intake.domain.media_access import Visibility
from services.intake.domain.upload_rules import check_count
from services.intake.errors import MediaNotFound, UploadUnfinished
from services.intake.media.context import ID, MediaContext, UploadHandle
from services.intake.media.store import files, uploads


def bind(
    tx: Connection,
    context: MediaContext,
    number: str,
    handles: Iterable[UploadHandle],
    stage: Stage,
    unit: str | None = None,
) -> int:
    """Makes finished uploads part of a case; returns how many were new. Files of this case already stay as they are.

    Raises UploadUnfinished for one that is incomplete, unknown, or another case's; TooManyFiles.
    """
    asked = {each.id: each for each in handles}
    if not asked:
        return 0
    existing = files.of_case(tx, number)
    found = {media.id: (media, token_hash) for media, token_hash in uploads.found(tx, list(asked), lock=True)}
    bindable = [_bindable(context, found.get(id_), handle, number) for id_, handle in asked.items()]
    new = [media for media in bindable if media.number is None]
    check_count(new, existing, context.settings.allowance)
    uploads.bind(tx, [media.id for media in new], number, stage, unit, clock.now(tx))
    return len(new)


def of_case(tx: Connection, number: str) -> tuple[list[Media], Visibility]:
    """A case's files and what decides who sees them. Raises MediaNotFound if there is no such case."""
    visibility = files.visibility(tx, number)
    if visibility is None:
        raise MediaNotFound()
    return files.of_case(tx, number), visibility


def one(tx: Connection, id_: str) -> tuple[Media, Visibility]:
    """One file of a case, and what decides who sees it. Raises MediaNotFound."""
    found = files.one(tx, id_) if ID.fullmatch(id_) else None
    if found is None:
        raise MediaNotFound()
    return found


def _bindable(context: MediaContext, found: tuple[Media, bytes] | None, handle: UploadHandle, number: str) -> Media:
    if found and hmac.compare_digest(found[1], context.token_hash(handle)):
        media = found[0]
        if media.state is not State.UPLOADING and media.number in (None, number):
            return media
    raise UploadUnfinished("media")
