"""A service as its command line sees it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from chassis.database import Database
from chassis.operating.verdicts import Line
from chassis.settings import Settings

if TYPE_CHECKING:
    import argparse

    from flask import Flask

    from chassis.operating.rebuild import Projection


@dataclass(frozen=True)
class Command:
    """An operator's command of one service: `run` returns the exit code."""

    help: str
    run: "Callable[[argparse.Namespace, Settings, Database], int]"
    arguments: "Callable[[argparse.ArgumentParser], None]" = lambda _: None


@dataclass(frozen=True)
class Service:
    """`worker` names the Nameko class as `module:Class`.

    `status` gives the service's own facts by name, `judge` turns all facts into lines with a verdict. `projection` is
    what it keeps of others' events and can fold again; a service that has none says why in `no_projection`.
    """

    name: str
    settings: Callable[[], Settings]
    app: "Callable[[Settings, Database], Flask]"
    worker: str
    migrations: Path
    status: Callable[[Connection], Mapping[str, object]] = lambda _: {}
    judge: Callable[[Mapping[str, Any]], Sequence[Line]] = lambda _: ()
    projection: "Projection[Any] | None" = None
    no_projection: str = ""
    commands: Mapping[str, Command] = field(default_factory=dict)

    def database(self, settings: Settings, process: str) -> Database:
        """The service's database, its sessions named after what opened them."""
        return Database(settings.database_url, pool_size=settings.pool_size, application=f"{self.name}-{process}")
