"""Where backup and restore find the databases: given, of a system that runs, or of one that is stopped."""

from collections.abc import Callable, Iterator

import psycopg2
import pytest

from deploy.machine.folder import Folder
from deploy.machine.trouble import Trouble
from deploy.servers.postgres import Postgres
from deploy.system import addresses, operate, testbed
from deploy.system.environment import Environment
from services import SERVICES

GIVEN = {f"DATABASE_URL_{service.upper()}": f"postgresql://{service}@127.0.0.1/{service}" for service in SERVICES}


@pytest.fixture
def folder() -> Iterator[Folder]:
    with testbed.folder() as made:
        yield made


def test_given_addresses_go_before_everything_and_start_nothing(folder: Folder) -> None:
    with addresses.databases(folder, GIVEN) as urls:
        assert urls == {service: GIVEN[f"DATABASE_URL_{service.upper()}"] for service in SERVICES}
    assert folder.recall("postgres") is None


def test_a_folder_that_never_had_a_database_says_what_it_needs(folder: Folder) -> None:
    given = {name: url for name, url in GIVEN.items() if name != "DATABASE_URL_SLA"}
    with pytest.raises(Trouble, match="give DATABASE_URL_SLA"), addresses.databases(folder, given):
        pass


def test_a_system_on_given_servers_is_found_by_its_folder_and_starts_none(folder: Folder) -> None:
    kept = {service: f"postgresql://{service}@db.example/{service}" for service in SERVICES}
    Environment(folder, kept, {}).keep()
    with addresses.databases(folder, {"DATABASE_URL_SLA": "postgresql://sla@other.example/sla"}) as urls:
        assert urls == kept | {"sla": "postgresql://sla@other.example/sla"}
    assert folder.recall("postgres") is None


def test_a_running_system_is_left_as_it_is_and_a_stopped_ones_server_runs_for_the_moment(folder: Folder) -> None:
    server = Postgres(folder)
    with folder.lock():
        server.start()
        server.prepare()
        Environment(folder, {service: server.service_url(service) for service in SERVICES}, {}).keep()
        with addresses.databases(folder, {}) as urls:
            assert answers(urls["sla"])
        assert server.child.running
        server.stop()
    with addresses.databases(folder, {}) as urls:
        assert all(answers(urls[service]) for service in SERVICES)
    assert not answers(urls["sla"])
    assert folder.holder() is None


def test_a_command_of_a_service_is_run_as_the_folders_system_would(
    folder: Folder, database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RUN", str(folder.path))
    assert operate.main(["sla", "restored"]) == 2
    broker = dict.fromkeys(SERVICES, "amqp://127.0.0.1:1")
    Environment(folder, dict.fromkeys(SERVICES, database("sla")), broker).keep()
    assert operate.main(["sla", "restored"]) == 0
    assert "in epoch 2" in capfd.readouterr().out
    assert operate.main(["weather"]) == operate.main([]) == 2


def answers(url: str) -> bool:
    try:
        psycopg2.connect(url, connect_timeout=3).close()
    except psycopg2.OperationalError:
        return False
    return True
