"""What can be done with photos and videos: begin, add a piece, give up, bind to a case, look, forget.

Bytes go to the object store between transactions, never inside one. A row is there before its first byte and after its
last, so whatever is cut off in between is found and cleared by `forget`.
"""

import hmac
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any, BinaryIO, Protocol

from sqlalchemy import Connection

from chassis import clock
from chassis.database import Database
from services.intake import metrics, store
from services.intake.commands.secrecy import Secrecy
from services.intake.domain import limit
from services.intake.domain.file_type import HEAD
from services.intake.domain.media import (
    REASONS,
    Kind,
    Media,
    Reason,
    Sight,
    Stage,
    State,
    check_count,
    check_piece,
    check_size,
    check_type,
)
from services.intake.domain.media_keys import piece_key, pieces_below, renditions_below
from services.intake.errors import (
    MediaNotFound,
    TooManyFiles,
    TooManyUploads,
    UploadNotFound,
    UploadRefused,
    UploadUnfinished,
    WrongOffset,
)
from services.intake.media import store as media_store
from services.intake.media.objects import chosen as object_store
from services.intake.media.objects.port import Objects
from services.intake.settings import Settings

UNBOUND = timedelta(hours=24)
"""How long a file may wait for its letter."""
BATCH = 50
TOKEN = re.compile(r"[A-Za-z0-9_-]{22,86}")
_ID = re.compile(r"[A-Za-z0-9_-]{22}")


@dataclass(frozen=True, slots=True)
class Cabinet:
    """What these commands work with, made once per process."""

    settings: Settings
    secrecy: Secrecy
    objects: Objects


@dataclass(frozen=True, slots=True)
class Claim:
    """An upload and the secret that says whose it is."""

    id: str
    token: str


class Sent(Protocol):
    """A file of a form, as werkzeug hands it over: on disk, not in memory."""

    filename: str | None
    stream: Any


def cabinet(settings: Settings) -> Cabinet:
    secrecy = Secrecy(settings.master_keys, settings.index_key)
    return Cabinet(settings, secrecy, object_store.opened(settings.media_place))


def claims(written: str) -> list[Claim]:
    """What a hidden field `media` holds: `id.token`, several by blanks. Raises UploadUnfinished for anything else."""
    found = [Claim(*each.partition(".")[::2]) for each in written.split()]
    if any(not _ID.fullmatch(each.id) or not TOKEN.fullmatch(each.token) for each in found) or len(found) > 100:
        raise UploadUnfinished("media")
    return found


def written(given: Iterable[Claim]) -> str:
    """What `claims` reads."""
    return " ".join(f"{each.id}.{each.token}" for each in given)


def begin(
    tx: Connection, cabinet: Cabinet, kind: Kind, size: int, consent: bool, source: str, token: str | None = None
) -> Claim:
    """A new upload of `size` bytes from an address or an officer. Raises UploadTooLarge, TooManyUploads."""
    check_size(kind, size, cabinet.settings.allowance)
    now, where = clock.now(tx), cabinet.secrecy.hash("uploads", source)
    if cabinet.settings.limit_uploads:
        _limit(tx, cabinet, where, size, now)
    claim = Claim(secrets.token_urlsafe(16), token or secrets.token_urlsafe(24))
    media = Media(claim.id, kind, State.UPLOADING, size, consent, now)
    media_store.add(tx, media, _hash(cabinet, claim), where)
    metrics.UPLOADS.labels(kind, "begun").inc()
    return claim


def upload(database: Database, cabinet: Cabinet, claim: Claim) -> Media:
    """How an upload stands. Raises UploadNotFound."""
    with database.transaction() as tx:
        return _owned(tx, cabinet, claim)


def add_piece(database: Database, cabinet: Cabinet, claim: Claim, offset: int, piece: bytes) -> int:
    """Adds one piece and returns the new offset.

    Raises UploadNotFound, WrongOffset, UploadTooLarge, UploadRefused, StoreUnavailable. The same piece sent again at
    the same moment changes nothing: one of the two is told the new offset by WrongOffset.
    """
    media = upload(database, cabinet, claim)
    end = check_piece(media, offset, len(piece))
    if offset == 0 and (reason := check_type(media.kind, piece[:HEAD])):
        _refuse(database, media, reason)
    cabinet.objects.put(piece_key(media.id, offset, end), BytesIO(piece))
    return _grown(database, media, offset, end)


def give_up(database: Database, cabinet: Cabinet, claim: Claim) -> None:
    """Deletes an upload that belongs to no case yet. Raises UploadNotFound."""
    media = upload(database, cabinet, claim)
    if media.number is not None:
        raise UploadNotFound()
    for prefix in (pieces_below(media.id), renditions_below(media.id)):
        cabinet.objects.forget(prefix)
    with database.transaction() as tx:
        media_store.drop(tx, media.id)
    metrics.UPLOADS.labels(media.kind, "given_up").inc()


def take_files(
    database: Database, cabinet: Cabinet, files: Mapping[Kind, Sequence[Sent]], consent: bool, source: str
) -> list[Claim]:
    """The files of a form that was sent without a script, each streamed to the object store.

    Call it before the transaction that binds them. Raises what `begin` and `add_piece` do, and TooManyFiles.
    """
    sent = [(kind, each) for kind, several in files.items() for each in several if each.filename]
    allowance = cabinet.settings.allowance
    kinds = [kind for kind, _ in sent]
    if kinds.count(Kind.PHOTO) > allowance.photos or kinds.count(Kind.VIDEO) > allowance.videos:
        raise TooManyFiles("media", photos=allowance.photos, videos=allowance.videos)
    return [_taken_whole(database, cabinet, kind, each.stream, consent, source) for kind, each in sent]


def bind(
    tx: Connection, cabinet: Cabinet, number: str, given: Iterable[Claim], stage: Stage, unit: str | None = None
) -> int:
    """Makes finished uploads part of a case; how many were new. What belongs to this case already stays as it is.

    Raises UploadUnfinished for one that is not whole, not known, or another case's; TooManyFiles.
    """
    asked = {each.id: each for each in given}
    if not asked:
        return 0
    there = media_store.of_case(tx, number)
    found = {media.id: (media, token) for media, token in media_store.found(tx, list(asked), lock=True)}
    coming = [_bindable(cabinet, found.get(id_), claim, number) for id_, claim in asked.items()]
    new = [media for media in coming if media.number is None]
    check_count(new, there, cabinet.settings.allowance)
    media_store.bind(tx, [media.id for media in new], number, stage, unit, clock.now(tx))
    return len(new)


def of_case(tx: Connection, number: str) -> tuple[list[Media], Sight]:
    """A case's files and what decides who sees them. Raises MediaNotFound if there is no such case."""
    sight = media_store.sight(tx, number)
    if sight is None:
        raise MediaNotFound()
    return media_store.of_case(tx, number), sight


def one(tx: Connection, id_: str) -> tuple[Media, Sight]:
    """One file of a case. Raises MediaNotFound."""
    found = media_store.one(tx, id_) if _ID.fullmatch(id_) else None
    if found is None:
        raise MediaNotFound()
    return found


def forget(database: Database, cabinet: Cabinet) -> bool:
    """Deletes the pieces of what was developed, and what no letter came for; true while there may be more."""
    with database.transaction() as tx:
        developed = media_store.to_clear(tx, BATCH)
        expired = media_store.expire(tx, clock.now(tx) - UNBOUND, BATCH)
    for prefix in [pieces_below(id_) for id_ in developed + expired] + [renditions_below(id_) for id_ in expired]:
        cabinet.objects.forget(prefix)
    if developed or expired:
        with database.transaction() as tx:
            media_store.cleared(tx, developed)
            media_store.forgotten(tx, expired)
    return max(len(developed), len(expired)) >= BATCH


def _limit(tx: Connection, cabinet: Cabinet, source: bytes, size: int, now: datetime) -> None:
    allowed = cabinet.settings.uploads
    # The count's row stays locked until the commit: two uploads at once can't both fit into the last free megabyte.
    tally = store.count(tx, source, allowed, now)
    if tally.count > allowed.most:
        raise TooManyUploads("photos", retry_after=limit.wait(allowed, tally, now))
    if media_store.unsent(tx, source) + size > cabinet.settings.unsent_megabytes << 20:
        raise TooManyUploads("photos", retry_after=3600)


def _owned(tx: Connection, cabinet: Cabinet, claim: Claim) -> Media:
    for media, token in media_store.found(tx, [claim.id]):
        if hmac.compare_digest(token, _hash(cabinet, claim)):
            return media
    raise UploadNotFound()


def _bindable(cabinet: Cabinet, found: tuple[Media, bytes] | None, claim: Claim, number: str) -> Media:
    if found and hmac.compare_digest(found[1], _hash(cabinet, claim)):
        media = found[0]
        if media.state is not State.UPLOADING and media.number in (None, number):
            return media
    raise UploadUnfinished("media")


def _hash(cabinet: Cabinet, claim: Claim) -> bytes:
    return cabinet.secrecy.hash("upload", claim.id, claim.token)


def _refuse(database: Database, media: Media, reason: Reason) -> None:
    with database.transaction() as tx:
        media_store.refuse(tx, media.id, reason)
    metrics.UPLOADS.labels(media.kind, reason).inc()
    raise UploadRefused(_FIELDS[media.kind], reason=str(reason), sentence=REASONS[reason])


def _grown(database: Database, media: Media, start: int, end: int) -> int:
    with database.transaction() as tx:
        if not media_store.grow(tx, media.id, start, end, clock.now(tx)):
            found = media_store.found(tx, [media.id])
            raise WrongOffset(offset=found[0][0].offset) if found else UploadNotFound()
    if end == media.size:
        metrics.UPLOADS.labels(media.kind, "received").inc()
    return end


_FIELDS = {Kind.PHOTO: "photos", Kind.VIDEO: "video"}


def _taken_whole(database: Database, cabinet: Cabinet, kind: Kind, body: BinaryIO, consent: bool, source: str) -> Claim:
    size = body.seek(0, 2)
    body.seek(0)
    if reason := Reason.DAMAGED if size == 0 else check_type(kind, body.read(HEAD)):
        metrics.UPLOADS.labels(kind, reason).inc()
        raise UploadRefused(_FIELDS[kind], reason=str(reason), sentence=REASONS[reason])
    body.seek(0)
    check_size(kind, size, cabinet.settings.allowance, _FIELDS[kind])
    with database.transaction() as tx:
        claim = begin(tx, cabinet, kind, size, consent, source)
        media = _owned(tx, cabinet, claim)
    cabinet.objects.put(piece_key(claim.id, 0, size), body)
    _grown(database, media, 0, size)
    return claim
