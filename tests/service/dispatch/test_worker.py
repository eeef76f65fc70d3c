"""The worker as a process of its own on a real broker: intake's events in, our own out, and a clean end."""

from pathlib import Path

import pytest
from sqlalchemy import text

from chassis.delivery.broker import Outgoing, Publisher
from chassis.delivery.envelope import routing_key
from deploy.system.testbed import Vhost
from tests.service.dispatch.office import Intake, Office
from tests.service.worker import wait_for, worker
from tests.support.events import message


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
    with worker("dispatch", office.database, broker, log):
        publish(broker, letters)
        publish(broker, letters)
        wait_for(lambda: published(office) >= 40, log)
    assert published(office) == 40, log.read_text()
    assert len(office.get("/cases?state=dispatched").json["cases"]) == 20
