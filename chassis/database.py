"""One PostgreSQL database: a pool, and transactions that commit at the end or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import DBAPIError, OperationalError, TimeoutError as PoolTimeout

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
            pool_pre_ping=True,
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

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        with self.engine.begin() as tx:
            yield tx

    def close(self) -> None:
        self.engine.dispose()


def is_gone(error: BaseException) -> bool:
    """Whether the database could not be reached, so that trying the same again later is right."""
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "pgcode", None) or ""
    # 57P0x: shutdown or crash of the server; 08: connection; 53: out of resources; no code: never got an answer.
    return error.connection_invalidated or state[:2] in ("08", "53") or state[:4] == "57P0" or (
        isinstance(error, OperationalError) and not state
    )
