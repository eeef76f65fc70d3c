"""Whether databases and a broker that were given (not our own) allow what a service needs; names what is missing."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg2
from amqp import Connection, Message, exceptions

from deploy.servers.postgres import without_password

OLDEST = 15
NEEDS = """
SELECT has_database_privilege(current_user, current_database(), 'CONNECT'),
       has_database_privilege(current_user, current_database(), 'TEMPORARY'),
       has_schema_privilege(current_user, 'public', 'CREATE'),
       has_schema_privilege(current_user, 'public', 'USAGE'),
       has_function_privilege(current_user, 'pg_control_system()', 'EXECUTE')
"""
REMEDIES = (
    "GRANT CONNECT ON DATABASE {database} TO {role};",
    "GRANT TEMPORARY ON DATABASE {database} TO {role};",
    "GRANT CREATE ON SCHEMA public TO {role};",
    "GRANT USAGE ON SCHEMA public TO {role};",
    "GRANT EXECUTE ON FUNCTION pg_control_system() TO {role};",
)


def database(service: str, url: str) -> Iterator[str]:
    """What keeps `service` from using the database, one sentence each."""
    variable, shown = f"DATABASE_URL_{service.upper()}", without_password(url)
    try:
        connection = psycopg2.connect(url, connect_timeout=5)
    except (psycopg2.OperationalError, psycopg2.ProgrammingError) as error:
        yield f"{variable} ({shown}) cannot be reached: {_first_line(error)}."
        return
    with connection, connection.cursor() as cursor:
        if connection.server_version < OLDEST * 10_000:
            version = connection.server_version // 10_000
            yield f"{variable} ({shown}) is PostgreSQL {version}; {OLDEST} or newer is needed."
            return
        cursor.execute("SELECT current_setting('server_encoding'), current_database(), current_user")
        encoding, name, role = cursor.fetchone() or ("", "", "")
        if encoding != "UTF8":
            yield f"{variable} ({shown}) has the encoding {encoding}; create the database with UTF8."
        cursor.execute(NEEDS)
        for allowed, remedy in zip(cursor.fetchone() or (), REMEDIES, strict=True):
            if not allowed:
                yield f"{variable} ({shown}) lacks a right: {remedy.format(database=name, role=role)}"
    connection.close()


def broker(service: str, uri: str, queues: list[str], exchanges: list[str]) -> Iterator[str]:
    """What keeps `service` from using the broker: its queue to read, its exchange to write, one sentence each."""
    variable, address = f"AMQP_URI_{service.upper()}", urlsplit(uri)
    shown = f"amqp://{address.username}@{address.hostname}:{address.port or 5672}{address.path or '/'}"
    try:
        connection = _connected(uri)
    except (exceptions.AMQPError, OSError) as error:
        yield f"{variable} ({shown}) cannot be reached: {_first_line(error)}."
        return
    with connection:
        for exchange in exchanges:
            yield from (
                f"{variable} ({shown}): {why}" for why in _writable(connection, exchange, str(address.username))
            )
        for queue in queues:
            yield from (f"{variable} ({shown}): {why}" for why in _readable(connection, queue, str(address.username)))


def _connected(uri: str) -> Any:
    address = urlsplit(uri)
    connection = Connection(
        host=f"{address.hostname}:{address.port or 5672}",
        userid=unquote(address.username or "guest"),
        password=unquote(address.password or "guest"),
        virtual_host=unquote(address.path[1:]) or "/",
        ssl=address.scheme == "amqps",
        connect_timeout=5,
        confirm_publish=True,
    )
    connection.connect()
    return connection


def _writable(connection: Any, exchange: str, user: str) -> Iterator[str]:
    channel = connection.channel()
    try:
        channel.exchange_declare(exchange, "topic", passive=True)
        channel.basic_publish(Message(""), exchange=exchange, routing_key="lianxin.check")  # a key nobody is bound to
    except exceptions.NotFound:
        yield f"the exchange {exchange} is missing; apply contracts/topology.json (MANAGEMENT_URI=… make run)."
    except exceptions.AccessRefused:
        yield f"no right to write to {exchange}; `rabbitmqctl set_permissions` must give {user} write on it."


def _readable(connection: Any, queue: str, user: str) -> Iterator[str]:
    channel = connection.channel()
    try:
        channel.queue_declare(queue, passive=True)
        channel.basic_qos(0, 1, False)
        channel.basic_cancel(channel.basic_consume(queue, no_ack=False))
        channel.close()
    except exceptions.NotFound:
        yield f"the queue {queue} is missing; apply contracts/topology.json (MANAGEMENT_URI=… make run)."
    except exceptions.AccessRefused:
        yield f"no right to read {queue}; `rabbitmqctl set_permissions` must give {user} read on it."


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
