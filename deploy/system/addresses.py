"""Where a system's four databases are: as given, or as the folder's system has them, its server started if need be."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from deploy.machine import interrupt
from deploy.machine.child import stop_orphans
from deploy.machine.folder import Folder
from deploy.machine.trouble import Trouble
from deploy.servers.postgres import Postgres
from deploy.system.environment import Environment
from services import SERVICES


@contextmanager
def databases(folder: Folder, given: Mapping[str, str] = os.environ) -> Iterator[dict[str, str]]:
    """The address of each service's database; DATABASE_URL_<SERVICE> goes before what the folder's system has.

    A system that runs is left as it is. Where none runs, its server is started and stopped again. Raises Trouble.
    """
    urls = {service: given[name] for service in SERVICES if given.get(name := f"DATABASE_URL_{service.upper()}")}
    kept = {} if len(urls) == len(SERVICES) else _kept(folder, [each for each in SERVICES if each not in urls])
    own = _own(folder, kept) - urls.keys()
    if not own or folder.holder():
        yield kept | urls
        return
    with _started(folder) as server:
        yield kept | {service: server.service_url(service) for service in own} | urls


def _kept(folder: Folder, missing: list[str]) -> dict[str, str]:
    try:
        return dict(Environment.kept(folder).databases)
    except Trouble as trouble:
        needed = ", ".join(f"DATABASE_URL_{service.upper()}" for service in missing)
        raise Trouble(f"{trouble} Or give {needed}.") from None


def _own(folder: Folder, kept: Mapping[str, str]) -> set[str]:
    """Which of these are on the folder's own server."""
    if folder.recall("postgres") is None:
        return set()
    server = Postgres(folder)
    return {service for service, url in kept.items() if url == server.service_url(service)}


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
