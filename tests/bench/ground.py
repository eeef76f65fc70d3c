"""The database a bench fills: a given one, or a PostgreSQL of its own that is gone afterwards."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from chassis import migrations
from chassis.database import Database
from deploy.machine.folder import ROOT, Folder
from deploy.servers.postgres import Postgres


@contextmanager
def database(service: str, url: str | None) -> Iterator[Database]:
    """The service's database, migrated: at `url`, or on a server of its own."""
    if url:
        yield _migrated(service, url)
        return
    with tempfile.TemporaryDirectory(prefix="lx-") as path:
        folder = Folder(path)
        with folder.lock():
            postgres = Postgres(folder)
            postgres.launch()
            try:
                postgres.wait()
                postgres.prepare()
                yield _migrated(service, postgres.service_url(service))
            finally:
                postgres.stop()


def _migrated(service: str, url: str) -> Database:
    migrations.upgrade(url, ROOT / "services" / service / "migrations")
    return Database(url, application="bench")
