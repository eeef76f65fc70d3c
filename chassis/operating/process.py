"""What `python -m services.<name>` does: the two processes, the migration, and the operator's commands.

A worker must be patched before anything that takes a lock on import (SQLAlchemy's pool does), so the patch is at the
top of the module that every `__main__` imports first.
"""

import sys

if sys.argv[1:2] == ["worker"]:
    import eventlet

    eventlet.monkey_patch()

import argparse
import importlib
import os
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from chassis import failpoints, logs, metrics, migrations
from chassis.database import is_gone
from chassis.delivery import relay as relaying
from chassis.delivery import replay
from chassis.operating import waiting
from chassis.operating.checks import CHECKS
from chassis.operating.operations import OPERATIONS
from chassis.operating.service import Command as Command
from chassis.operating.service import Service as Service
from chassis.settings import Settings, SettingsError, read
from chassis.web import server

STATEMENT_OF_FAILURE = 1

Parser = argparse.ArgumentParser
Run = Callable[[Service, Settings, argparse.Namespace], Any]
Reader = Callable[[Service], Settings]


def main(service: Service, arguments: Sequence[str] | None = None) -> int:
    """Runs one command; a refusal is one sentence on stderr and exit code 1."""
    asked = _parser(service).parse_args(arguments)
    try:
        settings = asked.read_settings(service)
        logs.configure(service.name, asked.command, settings.log_level)
        metrics.configure(service.name, asked.command)
        failpoints.configure(settings.failpoints, f"{service.name}-{asked.command}")
        return int(asked.run(service, settings, asked) or 0)
    except (SettingsError, relaying.RestoredDatabase, replay.ReplayRefused, migrations.MigrationRefused) as error:
        print(error, file=sys.stderr)
    except Exception as error:
        if not is_gone(error):
            raise
        print(f"the database of {service.name} does not answer (DATABASE_URL)", file=sys.stderr)
    return STATEMENT_OF_FAILURE


def _parser(service: Service) -> Parser:
    parser = Parser(prog=f"python -m services.{service.name}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")

    def add(name: str, run: Run, about: str, read_settings: Reader = lambda service: service.settings()) -> Parser:
        sub = commands.add_parser(name, help=about, description=about)
        sub.set_defaults(run=run, read_settings=read_settings)
        return sub

    add("api", _api, "serve HTTP")
    add("worker", _worker, "run the Nameko service: inbox, relay, timers").add_argument(
        "--roles", default="all", help="comma-separated roles of this process (default: all)"
    )
    add("migrate", _migrate, "bring the database to the newest revision", _addresses)
    waiting.arguments(
        add("await", waiting.run, "wait until the database's revision and the queue are there", _addresses)
    )
    for operation in (*OPERATIONS, *CHECKS):
        operation.arguments(add(operation.name, operation.run, operation.about))
    _replay_arguments(add("replay", _replay, "send the event log to one consumer's queue again"))
    add("restored", _restored, "accept a restored database: raise the epoch of its events").add_argument(
        "--seen",
        type=int,
        default=0,
        metavar="EPOCH",
        help="the highest epoch its readers have seen, in case the database has lost track of an earlier restore",
    )
    for name, command in service.commands.items():
        command.arguments(add(name, _own(command), command.help))
    return parser


def _addresses(service: Service) -> Settings:
    """The settings all services share, without a service's own keys: a job that prepares a release needs none."""
    return read(Settings)


def _api(service: Service, settings: Settings, asked: argparse.Namespace) -> None:
    _show_build(service, settings)
    server.serve(service.name, settings, lambda database: service.app(settings, database))


def _worker(service: Service, settings: Settings, asked: argparse.Namespace) -> int:
    from chassis.framework import runner

    _show_build(service, settings)
    os.environ["ROLES"] = asked.roles
    module, _, name = service.worker.partition(":")
    return runner.run(getattr(importlib.import_module(module), name), settings)


def _show_build(service: Service, settings: Settings) -> None:
    metrics.BUILD_INFO.labels(settings.lianxin_version, migrations.newest(service.migrations)).set(1)


def _migrate(service: Service, settings: Settings, asked: argparse.Namespace) -> None:
    print(f"{service.name}: {migrations.upgrade(settings.database_url, service.migrations)}")


def _replay_arguments(parser: Parser) -> None:
    parser.add_argument("--to", required=True, metavar="SERVICE", help="the consuming service whose inbox to fill")
    parser.add_argument(
        "--since",
        required=True,
        type=datetime.fromisoformat,
        help="start time with a zone, e.g. 2026-11-24T08:00+08:00; too early is safe, the inbox drops repeats",
    )


def _replay(service: Service, settings: Settings, asked: argparse.Namespace) -> None:
    sent = replay.replay(
        service.database(settings, "replay"),
        settings,
        service.name,
        f"{asked.to}.inbox",
        asked.since,
        progress=lambda done: print(f"{done} events sent", file=sys.stderr),
    )
    print(f"{sent} events of {service.name} sent to {asked.to}.inbox; the relay goes on")


def _restored(service: Service, settings: Settings, asked: argparse.Namespace) -> None:
    with service.database(settings, "restored").transaction() as tx:
        print(f"events of {service.name} are now numbered in epoch {relaying.restored(tx, asked.seen)}")


def _own(command: Command) -> Callable[[Service, Settings, argparse.Namespace], int]:
    return lambda service, settings, asked: command.run(asked, settings, service.database(settings, asked.command))
