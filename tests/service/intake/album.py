"""A sender of files: as a tus client does it, and the worker's darkroom turned by hand."""

import base64
import time
from dataclasses import dataclass, field

from werkzeug.test import TestResponse

from services.intake.domain.media import CHUNK, Kind, Media, Stage
from services.intake.media import commands as media_commands
from services.intake.media import store as media_store
from services.intake.media.commands import Cabinet, Claim
from services.intake.media.workshop import Workshop
from tests.service.intake.conftest import Street

TUS = {"Tus-Resumable": "1.0.0"}


@dataclass
class Album:
    """One sender at one address."""

    here: Street
    address: str = "203.0.113.7"
    token: str | None = None
    claims: list[Claim] = field(default_factory=list)

    @property
    def cabinet(self) -> Cabinet:
        return media_commands.cabinet(self.here.settings)

    def begin(self, size: int, kind: str = "photo", consent: bool = False, **headers: str) -> TestResponse:
        told = {"kind": kind, "consent": "1" if consent else "0"}
        written = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items())
        given = TUS | {"Upload-Length": str(size), "Upload-Metadata": written, "X-Forwarded-For": self.address}
        return self.here.client.post("/uploads", headers=given | {k.replace("_", "-"): v for k, v in headers.items()})

    def piece(self, claim: Claim, offset: int, body: bytes) -> TestResponse:
        given = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        return self.here.client.patch(f"/uploads/{claim.id}", data=body, headers=self._as(claim) | given)

    def ask(self, claim: Claim, method: str = "GET") -> TestResponse:
        return self.here.client.open(f"/uploads/{claim.id}", method=method, headers=self._as(claim))

    def send(self, body: bytes, kind: str = "photo", consent: bool = False) -> Claim:
        """The whole file, in pieces."""
        begun = self.begin(len(body), kind, consent)
        assert begun.status_code == 201, begun.json
        claim = Claim(begun.json["id"], begun.json["token"])
        for offset in range(0, len(body), CHUNK):
            answer = self.piece(claim, offset, body[offset : offset + CHUNK])
            assert answer.status_code == 204, answer.json
        return claim

    def bound(self, number: str, *claims: Claim, stage: Stage = Stage.LETTER, unit: str | None = None) -> int:
        with self.here.database.transaction() as tx:
            return media_commands.bind(tx, self.cabinet, number, claims, stage, unit)

    def media(self, claim: Claim) -> Media:
        with self.here.database.transaction() as tx:
            return media_store.found(tx, [claim.id])[0][0]

    def develop(self, kind: Kind = Kind.PHOTO, seconds: float = 60.0) -> None:
        """Turns the darkroom until nothing waits."""
        workshop, deadline = Workshop(self.here.database, self.here.settings, kind), time.monotonic() + seconds
        while workshop.turn() or workshop.job:
            assert time.monotonic() < deadline, "the darkroom did not come to an end"
            if workshop.job:
                workshop.job.child.wait(seconds)

    def whole(self, key: str) -> bytes:
        return b"".join(self.cabinet.objects.stream(key))

    @staticmethod
    def _as(claim: Claim) -> dict[str, str]:
        return TUS | {"Upload-Token": claim.token}
