"""The servers that tests get."""

from collections.abc import Callable

import psycopg2
from kombu import Connection

from deploy.system.testbed import Servers, Vhost


def test_two_databases_of_a_service_share_nothing(database: Callable[[str], str]) -> None:
    first, second = database("sla"), database("sla")
    with psycopg2.connect(first) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE only_here ()")
    connection.close()
    with psycopg2.connect(second) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('only_here')")
        assert cursor.fetchone() == (None,)
    connection.close()


def test_a_service_user_reaches_only_its_own_vhost(broker: Vhost, servers: Servers) -> None:
    with Connection(broker.uri("sla")) as connection:
        connection.connect()
    users = {entry["user"] for entry in servers.rabbit.api("GET", f"/vhosts/{broker.name}/permissions")}
    assert {"intake", "dispatch", "sla", "notify"} <= users
