"""A sender of files: as a tus client does it, and the worker's darkroom turned by hand."""

import base64
import time
from dataclasses import dataclass, field

from werkzeug.test import TestResponse

from services.intake.domain.media import Kind, Media, Stage
from services.intake.domain.upload_rules import CHUNK
from services.intake.media.commands import case_files
from services.intake.media.context import MediaContext, UploadHandle, new_media_context
from services.intake.media.processing import Processor
from services.intake.media.store import uploads
from tests.service.intake.conftest import Street

TUS = {"Tus-Resumable": "1.0.0"}


@dataclass
class Album:
    """One sender at one address."""

    here: Street
    address: str = "203.0.113.7"
    token: str | None = None
    handles: list[UploadHandle] = field(default_factory=list)

    @property
    def context(self) -> MediaContext:
        return new_media_context(self.here.settings)

    def begin(self, size: int, kind: str = "photo", consent: bool = False, **headers: str) -> TestResponse:
        told = {"kind": kind, "consent": "1" if consent else "0"}
        written = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items())
        given = TUS | {"Upload-Length": str(size), "Upload-Metadata": written, "X-Forwarded-For": self.address}
        return self.here.client.post("/uploads", headers=given | {k.replace("_", "-"): v for k, v in headers.items()})

    def piece(self, handle: UploadHandle, offset: int, body: bytes) -> TestResponse:
        given = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        return self.here.client.patch(f"/uploads/{handle.id}", data=body, headers=self._headers(handle) | given)

    def ask(self, handle: UploadHandle, method: str = "GET") -> TestResponse:
        return self.here.client.open(f"/uploads/{handle.id}", method=method, headers=self._headers(handle))

    def send(self, body: bytes, kind: str = "photo", consent: bool = False) -> UploadHandle:
        """The whole file, in pieces."""
        begun = self.begin(len(body), kind, consent)
        assert begun.status_code == 201, begun.json
        handle = UploadHandle(begun.json["id"], begun.json["token"])
        for offset in range(0, len(body), CHUNK):
            answer = self.piece(handle, offset, body[offset : offset + CHUNK])
            assert answer.status_code == 204, answer.json
        return handle

    def bound(self, number: str, *handles: UploadHandle, stage: Stage = Stage.LETTER, unit: str | None = None) -> int:
        with self.here.database.transaction() as tx:
            return case_files.bind(tx, self.context, number, handles, stage, unit)

    def media(self, handle: UploadHandle) -> Media:
        with self.here.database.transaction() as tx:
            return uploads.found(tx, [handle.id])[0][0]

    def develop(self, kind: Kind = Kind.PHOTO, seconds: float = 60.0) -> None:
        """Turns the darkroom until nothing waits."""
        processor, deadline = Processor(self.here.database, self.here.settings, kind), time.monotonic() + seconds
        while processor.turn() or processor.job:
            assert time.monotonic() < deadline, "the darkroom did not come to an end"
            if processor.job:
                processor.job.child.wait(seconds)

    def whole(self, key: str) -> bytes:
        return b"".join(self.context.objects.stream(key))

    @staticmethod
    def _headers(handle: UploadHandle) -> dict[str, str]:
        return TUS | {"Upload-Token": handle.token}
