"""`python -m services.sla await`, as an init container runs it: on a real database and a real broker."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from chassis import migrations
from chassis.database import Database
from deploy.servers import postgres
from deploy.system.testbed import Servers, Vhost

ROOT = Path(__file__).parents[3]
REVISIONS = ROOT / "services" / "sla" / "migrations"


def waiting(database: str, *arguments: str, amqp_uri: str = "") -> "subprocess.Popen[str]":
    """It, just started; told nothing but addresses."""
    env = {"PATH": os.environ["PATH"], "PROFILE": "dev", "DATABASE_URL": database, "AMQP_URI": amqp_uri}
    command = [sys.executable, "-m", "services.sla", "await", *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True)


def answer(process: "subprocess.Popen[str]") -> tuple[int, str]:
    said = process.communicate(timeout=90)[1]
    return process.returncode, said


def first_reason(process: "subprocess.Popen[str]") -> str:
    assert process.stderr
    return process.stderr.readline()


def at_revision(url: str, revision: str) -> None:
    database = Database(url, pool_size=1)
    with database.transaction() as tx:
        tx.execute(text("update alembic_version set version_num = :revision"), {"revision": revision})
    database.close()


@pytest.fixture
def unmigrated(servers: Servers) -> Iterator[str]:
    name = postgres.new_name("sla")
    yield servers.postgres.create_database(name, "sla")
    servers.postgres.drop_database(name)


def test_a_migrated_database_is_enough_for_a_front_door(database: Callable[[str], str]) -> None:
    assert answer(waiting(database("sla"), "api")) == (0, "")


def test_it_waits_until_the_database_is_migrated(unmigrated: str) -> None:
    process = waiting(unmigrated)
    assert first_reason(process) == "waiting: the database of sla was never migrated\n"
    migrations.upgrade(unmigrated, REVISIONS)
    assert answer(process) == (0, "")


def test_an_older_revision_is_named_and_waited_for_in_vain(database: Callable[[str], str]) -> None:
    url = database("sla")
    at_revision(url, "0001")
    code, said = answer(waiting(url, "--seconds", "0"))
    assert code == 1
    newest = migrations.newest(REVISIONS)
    lacking = f"the database of sla is at revision 0001, and this release needs {newest}"
    assert said == f"sla gave up after 0 s: {lacking}\n"


def test_a_later_release_s_revision_is_enough_for_the_one_before(database: Callable[[str], str]) -> None:
    url = database("sla")
    at_revision(url, "9999")
    assert answer(waiting(url)) == (0, "")


def test_a_database_that_does_not_answer_is_waited_for(database: Callable[[str], str]) -> None:
    wrong = database("sla").rpartition("/")[0] + "/nowhere"
    code, said = answer(waiting(wrong, "--seconds", "0"))
    assert code == 1
    assert 'does not answer (connection to server at "127.0.0.1"' in said and '"nowhere" does not exist' in said


def test_a_worker_s_queue_and_topology_are_enough(database: Callable[[str], str], broker: Vhost) -> None:
    assert answer(waiting(database("sla"), "worker", amqp_uri=broker.uri("sla"))) == (0, "")


def test_a_worker_waits_until_its_queue_is_there(
    database: Callable[[str], str], servers: Servers, broker: Vhost
) -> None:
    servers.rabbit.api("DELETE", f"/queues/{broker.name}/sla.inbox")
    process = waiting(database("sla"), amqp_uri=broker.uri("sla"))
    assert first_reason(process) == "waiting: the queue sla.inbox does not exist; the topology was not applied\n"
    durable = {"durable": True, "arguments": {"x-queue-type": "quorum", "x-single-active-consumer": True}}
    servers.rabbit.api("PUT", f"/queues/{broker.name}/sla.inbox", durable)
    assert answer(process) == (0, "")


def test_a_user_the_broker_does_not_know_yet_is_waited_for(database: Callable[[str], str], broker: Vhost) -> None:
    stranger = broker.uri("sla").replace("amqp://sla:", "amqp://nobody:")
    code, said = answer(waiting(database("sla"), "worker", "--seconds", "0", amqp_uri=stranger))
    assert code == 1
    assert "refuses the connection (AccessRefused)" in said and "nobody" not in said


def test_a_worker_without_an_address_of_the_broker_is_asked_wrongly(database: Callable[[str], str]) -> None:
    code, said = answer(waiting(database("sla"), "worker"))
    assert (code, said) == (1, "AMQP_URI is not set, and this process needs it\n")


def test_neither_it_nor_a_migration_is_given_the_keys_of_a_service(unmigrated: str) -> None:
    env = {"PATH": os.environ["PATH"], "DATABASE_URL": unmigrated}  # intake's api would refuse: no MASTER_KEYS
    for command in ("migrate", "await"):
        done = subprocess.run([sys.executable, "-m", "services.intake", command], cwd=ROOT, env=env, check=False)
        assert done.returncode == 0, command
