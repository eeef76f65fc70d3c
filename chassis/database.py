"""One PostgreSQL database: a pool, and transactions that commit at the end or not at all."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from sqlalchemy import Connection, TextClause, create_engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from chassis import metrics

__all__ = ["Connection", "Database", "is_gone"]

# Every statement has a deadline, and no session can hold the vacuum horizon for long (reliability.md section 0.6).
SESSION = " ".join(
    f"-c {name}={value}"
    for name, value in {
        "statement_timeout": "10s",
        "lock_timeout": "4s",
        "idle_in_transaction_session_timeout": "10s",
        "timezone": "UTC",
        "jit": "off",  # compiling the claim of the clocks took twice as long as running it
    }.items()
)


class Database:
    """`with database.transaction() as tx:` commits at the end of the block and rolls back on any exception."""

    def __init__(self, url: str, *, pool_size: int = 10, application: str = "lianxin") -> None:
        self.engine = create_engine(
            url.replace("postgresql://", "postgresql+psycopg2://", 1),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=5,
            pool_recycle=1800,
            hide_parameters=True,  # a failed statement would carry residents' words into the log
            connect_args={
                "application_name": application,
                "options": SESSION,
                "connect_timeout": 3,
                "client_encoding": "utf8",
                "keepalives_idle": 10,
                "keepalives_interval": 5,
                "keepalives_count": 3,
                "tcp_user_timeout": 15000,
            },
        )
        self.pool = cast(QueuePool, self.engine.pool)
        metrics.POOL_CONNECTIONS.labels("in_use").set_function(self.pool.checkedout)
        metrics.POOL_CONNECTIONS.labels("idle").set_function(self.pool.checkedin)
        event.listen(self.engine, "checkin", _note_use)
        event.listen(self.engine, "checkout", _ping_if_idle)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        with self._connection() as connection, connection.begin():
            yield connection

    @contextmanager
    def glance(self) -> Iterator[Connection]:
        """For polls that mostly find nothing: each statement stands alone, in one round trip instead of three."""
        with self._connection() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")

    def _connection(self) -> Connection:
        began = time.perf_counter()
        try:
            return self.engine.connect()
        finally:
            metrics.POOL_WAIT_SECONDS.observe(time.perf_counter() - began)

    def holds(self, statement: TextClause, parameters: Mapping[str, object] | None = None) -> bool:
        """Whether a question has a true answer, at a glance."""
        with self.glance() as connection:
            return bool(connection.execute(statement, parameters).scalar())

    def close(self) -> None:
        self.engine.dispose()


# A ping at every use would be a third of a short transaction's round trips; a connection that was idle for less than
# this is tried as it is.
TRUSTED_SECONDS = 1.0


def _note_use(connection: Any, record: Any) -> None:
    record.info["used"] = time.monotonic()


def _ping_if_idle(connection: Any, record: Any, proxy: Any) -> None:
    if time.monotonic() - record.info.get("used", 0.0) < TRUSTED_SECONDS:
        return
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("select 1")
        connection.autocommit = False
    except Exception as error:
        raise DisconnectionError from error  # the pool then gives another connection, or a new one


def is_gone(error: BaseException) -> bool:
    """Whether the database could not be reached, so that the same is worth trying again later."""
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "pgcode", None) or ""
    # 57P0x: shutdown or crash of the server; 08: connection; 53: out of resources; no code: never got an answer.
    return (
        error.connection_invalidated
        or state[:2] in ("08", "53")
        or state[:4] == "57P0"
        or (isinstance(error, OperationalError) and not state)
    )
