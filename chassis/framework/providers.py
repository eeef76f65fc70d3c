"""What a service's methods are given: its settings and its database."""

from collections.abc import Callable
from typing import Any

from nameko.extensions import DependencyProvider

from chassis import clock
from chassis.database import Database
from chassis.settings import Settings

_databases: dict[str, Database] = {}


def database_of(settings: Settings, service: str) -> Database:
    """The process's one pool for the service's database."""
    if service not in _databases:
        _databases[service] = Database(
            settings.database_url, pool_size=settings.pool_size, application=f"{service}-worker"
        )
    return _databases[service]


class SettingsProvider(DependencyProvider):
    """`settings = SettingsProvider(current)`: the service's settings, read once."""

    def __init__(self, current: Callable[[], Settings]) -> None:
        super().__init__()
        self.current = current

    def get_dependency(self, worker_ctx: Any) -> Settings:
        return self.current()


class DatabaseProvider(SettingsProvider):
    """`database = DatabaseProvider(current)`: the service's database."""

    def setup(self) -> None:
        database = database_of(self.current(), self.container.service_name)
        with database.transaction() as tx:
            if self.current().profile == "production" and clock.shift(tx):
                raise RuntimeError("the database's clock was moved (clock_offset), which production refuses")

    def get_dependency(self, worker_ctx: Any) -> Database:  # type: ignore[override]
        return database_of(self.current(), self.container.service_name)
