"""The worker's side of the darkroom: claims a file, starts the porter, polls it, records the result.

A turn never waits, so that a ten-minute video blocks no loop. A claim is committed before the porter starts; should
this process die, the claim expires and another process takes the file, three times in all.
"""

import json
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

from sqlalchemy.exc import SQLAlchemyError

from chassis import clock, logs
from chassis.database import Database
from services.intake import metrics
from services.intake.domain.media import Capture, Developed, Kind, Media, Reason
from services.intake.media.darkroom import order as orders
from services.intake.media.darkroom.order import STORE_AWAY, Order
from services.intake.media.store import processing, uploads
from services.intake.settings import Settings

log = logs.get(__name__)

ROOT = Path(__file__).parents[3]
ATTEMPTS = 3
TRANSFER_SECONDS = 60
"""How long fetching and storing may take on top of the processing itself."""
PAUSE = timedelta(seconds=20)
STOP_SECONDS = 3.0


@dataclass(slots=True)
class _Job:
    media: Media
    attempt: int
    child: subprocess.Popen[bytes]
    output: IO[bytes]
    errors: IO[bytes]
    began: float

    def close(self) -> None:
        self.output.close()
        self.errors.close()


class Processor:
    """Has files of one kind developed, one at a time."""

    def __init__(self, database: Database, settings: Settings, kind: Kind) -> None:
        self.database, self.settings, self.kind = database, settings, kind
        self.longest = settings.processing_seconds(kind)
        self.job: _Job | None = None

    def turn(self) -> bool:
        """One step. True if a file was finished, so that the next turn is worth taking at once."""
        if self.job is None:
            return self._begin()
        if self.job.child.poll() is None and time.monotonic() - self.job.began > self.longest + TRANSFER_SECONDS:
            self.job.child.kill()
            self.job.child.wait(STOP_SECONDS)
        if self.job.child.poll() is None:
            return False
        self._end(self.job)
        return True

    def stop(self) -> None:
        """Stops and returns the current file: another process starts it again, and this attempt does not count."""
        if self.job is None:
            return
        self.job.child.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.job.child.wait(STOP_SECONDS)
        self.job.child.kill()
        with suppress(SQLAlchemyError), self.database.transaction() as tx:
            processing.retry(tx, self.job.media.id, clock.now(tx), uncounted=True)
        self.job.close()
        self.job = None

    def _begin(self) -> bool:
        claim = timedelta(seconds=self.longest + 2 * TRANSFER_SECONDS)
        if not self.database.holds(processing.DUE, {"longest": claim.total_seconds()}):
            return False
        with self.database.transaction() as tx:
            now = clock.now(tx)
            claimed = processing.claim(tx, self.kind, now, now + claim)
            if claimed and claimed[1] > ATTEMPTS:
                self._give_up(tx, claimed[0])
                return True
        if claimed:
            self.job = self._started(*claimed)
        return False

    def _started(self, media: Media, attempt: int) -> _Job:
        order = Order(
            media.id,
            media.kind,
            media.size,
            media.ends,
            media.consent,
            seconds=self.longest,
            longest=60 * self.settings.video_minutes,
            store=self.settings.media_place,
        )
        # Files, not pipes: however much the child writes, it never waits for us to read.
        output, errors = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115
        command = [sys.executable, "-m", "services.intake.media.darkroom"]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, stderr=errors, cwd=ROOT)
        assert child.stdin is not None
        with suppress(BrokenPipeError), child.stdin:
            child.stdin.write(orders.written(order).encode())
        return _Job(media, attempt, child, output, errors, time.monotonic())

    def _end(self, job: _Job) -> None:
        self.job = None
        try:
            job.output.seek(0)
            job.errors.seek(0)
            if job.child.returncode == 0:
                self._record(job, json.loads(job.output.read()))
            else:
                self._failed(job, job.errors.read()[-2000:])
        finally:
            job.close()

    def _record(self, job: _Job, found: dict[str, Any]) -> None:
        metrics.DEVELOPING_SECONDS.labels(self.kind).observe(time.monotonic() - job.began)
        with self.database.transaction() as tx:
            if found["state"] == "ready":
                processing.publish(tx, job.media.id, _developed(found))
            else:
                uploads.refuse(tx, job.media.id, Reason(found["reason"]))
        metrics.UPLOADS.labels(self.kind, found.get("reason") or "ready").inc()

    def _failed(self, job: _Job, errors: bytes) -> None:
        away = job.child.returncode == STORE_AWAY
        reason = errors.decode(errors="replace").strip().rpartition("\n")[2]
        log.error("media not developed", media=job.media.id, attempt=job.attempt, reason=reason[:200])
        with self.database.transaction() as tx:
            if not away and job.attempt >= ATTEMPTS:
                self._give_up(tx, job.media)
            else:
                processing.retry(tx, job.media.id, clock.now(tx) + PAUSE, uncounted=away)

    def _give_up(self, tx: Any, media: Media) -> None:
        uploads.refuse(tx, media.id, Reason.UNREADABLE)
        metrics.UPLOADS.labels(self.kind, Reason.UNREADABLE).inc()


def _developed(found: dict[str, Any]) -> Developed:
    at = datetime.fromisoformat(found["at"]) if found.get("at") else None
    capture = Capture(at, found.get("latitude"), found.get("longitude"))
    return Developed(found["width"], found["height"], found.get("seconds"), capture, found["sizes"])


def measure(database: Database) -> None:
    """Sets the gauges of what waits."""
    with database.transaction() as tx:
        waiting = processing.waiting(tx)
    none = processing.Waiting(0, 0.0)
    by_kind = {(str(kind),): waiting.get(kind, none) for kind in Kind}
    metrics.MEDIA_WAITING.replace({kind: there.files for kind, there in by_kind.items()})
    metrics.MEDIA_OLDEST.replace({kind: there.oldest for kind, there in by_kind.items()})
