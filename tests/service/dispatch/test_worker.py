"""The worker as a process of its own on a real broker: intake's events in, our own out, and a clean end."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from chassis.broker import Outgoing, Publisher
from chassis.envelope import routing_key
from chassis.testing import message
from deploy.local.testbed import Vhost
from tests.service.dispatch.office import Intake, Office

ROOT = Path(__file__).parents[3]
DEADLINE = 30.0


@contextmanager
def worker(office: Office, broker: Vhost, log: Path) -> Iterator[None]:
    env = {
        **os.environ,
        "PROFILE": "dev",
        "DATABASE_URL": office.database.engine.url.render_as_string(hide_password=False),
        "AMQP_URI": broker.uri("dispatch"),
        "OPS_PORT": "0",
        "OPS_HOST": "127.0.0.1",
    }
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.dispatch", "worker"], cwd=ROOT, env=env, stdout=written, stderr=written
        )
        try:
            yield
        finally:
            process.terminate()
            assert process.wait(15) == 0, log.read_text()


def publish(broker: Vhost, letters: list[Intake]) -> None:
    """Sends what intake would, as intake's own user."""
    drafts = [draft for letter in letters for draft in (letter.submitted, letter.accepted)]
    outgoing = []
    for draft in drafts:
        sent = message(draft, "intake")
        outgoing.append(Outgoing("intake.events", routing_key(draft.type), dict(sent.headers), sent.body.decode()))
    publisher = Publisher(broker.uri("intake"), "intake of the test")
    publisher.publish(outgoing)
    publisher.close()


def published(office: Office) -> int:
    with office.database.transaction() as tx:
        count: int = tx.execute(text("select count(*) from event_log where partitionkey like 'XA%'")).scalar_one()
        return count


@pytest.mark.timeout(90)
def test_the_worker_sends_what_intake_accepts_to_its_unit_and_tells_it_once(
    office: Office, broker: Vhost, tmp_path: Path
) -> None:
    letters = [Intake(f"XA2026112400{i:04d}") for i in range(20)]
    log = tmp_path / "log"
    with worker(office, broker, log):
        publish(broker, letters)
        publish(broker, letters)
        until = time.monotonic() + DEADLINE
        while published(office) < 40 and time.monotonic() < until:
            time.sleep(0.05)
    assert published(office) == 40, log.read_text()
    assert len(office.get("/cases?state=dispatched").json["cases"]) == 20
