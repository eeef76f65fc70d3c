"""Databases and brokers that were given: what is missing is named, with the command that mends it."""

import secrets
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from deploy.servers import given as check
from deploy.system.testbed import Servers, Vhost


@pytest.fixture
def role(servers: Servers) -> Iterator[str]:
    """A role that may connect and nothing more."""
    name = f"poor_{secrets.token_hex(4)}"
    with servers.postgres.administration() as cursor:
        cursor.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'pw'")
    yield name
    with servers.postgres.administration() as cursor:
        cursor.execute(f"DROP ROLE {name}")


def test_a_database_of_ones_own_lacks_nothing(database: Callable[[str], str]) -> None:
    assert list(check.database("sla", database("sla"))) == []


def test_a_role_without_rights_is_told_which_to_grant(servers: Servers, role: str) -> None:
    name = f"given_{secrets.token_hex(4)}"
    with servers.postgres.administration() as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    lacking = list(check.database("sla", servers.postgres.url(name, role, "pw")))
    servers.postgres.drop_database(name)
    assert len(lacking) == 1
    assert f"GRANT CREATE ON SCHEMA public TO {role};" in lacking[0]
    assert "DATABASE_URL_SLA" in lacking[0]


def test_an_encoding_that_cannot_hold_chinese_is_refused(servers: Servers) -> None:
    name = f"latin_{secrets.token_hex(4)}"
    with servers.postgres.administration() as cursor:
        cursor.execute(f"CREATE DATABASE {name} OWNER sla TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    lacking = list(check.database("sla", servers.postgres.service_url("sla", name)))
    servers.postgres.drop_database(name)
    assert ["LATIN1" in line for line in lacking] == [True]


def test_a_database_nobody_answers_at_is_named_without_its_password(servers: Servers) -> None:
    lacking = list(check.database("sla", servers.postgres.url("nowhere", "sla", "secret-password")))
    assert len(lacking) == 1
    assert "DATABASE_URL_SLA" in lacking[0]
    assert "secret-password" not in lacking[0]


def test_a_service_lacks_nothing_on_a_broker_with_its_topology(broker: Vhost) -> None:
    assert list(check.broker("sla", broker.uri("sla"), ["sla.inbox"], ["sla.events"])) == []


def test_an_empty_vhost_lacks_exchange_and_queue(servers: Servers) -> None:
    name = f"empty-{secrets.token_hex(4)}"
    servers.rabbit.create_vhost(name)
    lacking = list(check.broker("sla", servers.rabbit.uri("lianxin", name), ["sla.inbox"], ["sla.events"]))
    servers.rabbit.drop_vhost(name)
    assert ["exchange sla.events is missing" in line for line in lacking] == [True, False]
    assert ["queue sla.inbox is missing" in line for line in lacking] == [False, True]


def test_a_user_without_rights_is_told_which_to_set(broker: Vhost) -> None:
    rights = {"configure": "^$", "write": "^$", "read": "^$"}
    broker.rabbit.api("PUT", f"/permissions/{broker.name}/sla", rights)
    lacking = list(check.broker("sla", broker.uri("sla"), ["sla.inbox"], ["sla.events"]))
    assert ["must give sla write" in line for line in lacking] == [True, False]
    assert ["must give sla read" in line for line in lacking] == [False, True]


def test_a_wrong_password_of_the_broker_is_one_sentence(broker: Vhost) -> None:
    wrong = urlsplit(broker.uri("sla"))._replace(netloc=f"sla:wrong@127.0.0.1:{broker.rabbit.ports['amqp']}").geturl()
    lacking = list(check.broker("sla", wrong, ["sla.inbox"], ["sla.events"]))
    assert len(lacking) == 1
    assert "wrong" not in lacking[0]
