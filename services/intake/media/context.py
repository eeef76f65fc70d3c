"""What the commands of photos and videos work with, and the handle by which a sender owns an upload."""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from services.intake.commands.secrecy import Secrecy
from services.intake.errors import UploadUnfinished
from services.intake.media.objects import chosen as object_store
from services.intake.media.objects.port import Objects
from services.intake.settings import Settings

TOKEN = re.compile(r"[A-Za-z0-9_-]{22,86}")
ID = re.compile(r"[A-Za-z0-9_-]{22}")
MOST_HANDLES = 100


@dataclass(frozen=True, slots=True)
class UploadHandle:
    """An upload's id, and the secret by which its sender owns it."""

    id: str
    token: str


@dataclass(frozen=True, slots=True)
class MediaContext:
    """What these commands need besides their transaction; made once per process."""

    settings: Settings
    secrecy: Secrecy
    objects: Objects

    def token_hash(self, handle: UploadHandle) -> bytes:
        """What is stored of the secret."""
        return self.secrecy.hash("upload", handle.id, handle.token)


def new_media_context(settings: Settings) -> MediaContext:
    secrecy = Secrecy(settings.master_keys, settings.index_key)
    return MediaContext(settings, secrecy, object_store.opened(settings.media_place))


def new_handle(token: str | None) -> UploadHandle:
    """A handle nobody can guess, with the client's own secret if it has chosen one."""
    return UploadHandle(secrets.token_urlsafe(16), token or secrets.token_urlsafe(24))


def parse_handles(text: str) -> list[UploadHandle]:
    """The handles in a form's hidden field `media`: `id.token`, separated by blanks.

    Raises UploadUnfinished for anything else, and for more than a hundred.
    """
    handles = [UploadHandle(*each.partition(".")[::2]) for each in text.split()]
    well_formed = all(ID.fullmatch(each.id) and TOKEN.fullmatch(each.token) for each in handles)
    if not well_formed or len(handles) > MOST_HANDLES:
        raise UploadUnfinished("media")
    return handles


def format_handles(handles: Iterable[UploadHandle]) -> str:
    """The text that `parse_handles` reads."""
    return " ".join(f"{each.id}.{each.token}" for each in handles)
