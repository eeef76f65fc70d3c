"""Where the four databases of a system are: as given, or on the folder's own server, started if it does not run."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from deploy.local import interrupt
from deploy.local.child import stop_orphans
from deploy.local.environment import SERVICES
from deploy.local.folder import Folder
from deploy.local.postgres import Postgres
from deploy.local.trouble import Trouble


@contextmanager
def databases(folder: Folder, given: Mapping[str, str] = os.environ) -> Iterator[dict[str, str]]:
    """The address of each service's database; DATABASE_URL_<SERVICE> goes before the folder's own.

    A system that runs is left as it is. Where none runs, its server is started and stopped again. Raises Trouble.
    """
    urls = {service: given[name] for service in SERVICES if given.get(name := f"DATABASE_URL_{service.upper()}")}
    if len(urls) == len(SERVICES):
        yield urls
        return
    if folder.recall("postgres") is None:
        missing = ", ".join(f"DATABASE_URL_{service.upper()}" for service in SERVICES if service not in urls)
        raise Trouble(f"{folder.path} never had a database; `make run` makes one, or give {missing}.")
    if folder.holder():
        yield _of(Postgres(folder)) | urls
        return
    with _started(folder) as server:
        yield _of(server) | urls


@contextmanager
def _started(folder: Folder) -> Iterator[Postgres]:
    with folder.lock():
        stop_orphans(folder)
        server = Postgres(folder)
        try:
            server.start()
            yield server
        finally:
            with interrupt.cleanly():
                server.stop()


def _of(server: Postgres) -> dict[str, str]:
    return {service: server.service_url(service) for service in SERVICES}
