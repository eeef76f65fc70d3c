"""Operators' commands that compare services or rebuild from a log: reconcile, export, rebuild."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from itertools import chain

from chassis.delivery import topology
from chassis.delivery.envelope import Undecodable
from chassis.operating import comparison, reconcile
from chassis.operating import rebuild as rebuilding
from chassis.operating.comparison import COUNTS, Comparison, Place
from chassis.operating.operations import Operation, wrong
from chassis.operating.sections import Unreadable
from chassis.operating.service import Service
from chassis.operating.table import table
from chassis.settings import Settings

SHOWN = 20
COLUMNS = ("producer", "reader", *COUNTS)
DIFFERENCES = ("kind", "subject", "log", "here")


@contextmanager
def lines_of(name: str) -> Iterator[Iterator[str]]:
    """The lines of a file, or of the standard input for `-`."""
    if name == "-":
        yield iter(sys.stdin)
    else:
        with open(name, encoding="utf-8") as file:  # noqa: PTH123 - a name, not a path: `-` is one, too
            yield iter(file)


def _reconcile_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--to", default="", metavar="SERVICE", help="on a producer: only for this reader")
    parser.add_argument(
        "--from", dest="source", metavar="FILE", help="on a reader: the file a producer wrote; - is stdin"
    )
    parser.add_argument(
        "--again", metavar="FILE", help="an earlier result written with --json: only what still differs counts"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object per producer")


def _reconcile(service: Service, settings: Settings, asked: argparse.Namespace) -> int:
    database = service.database(settings, "reconcile")
    if asked.source is None:
        if asked.json or asked.again:
            return wrong("reconcile: --json and --again go with --from")
        for line in reconcile.newest(database, topology.load(), settings.street, service.name, asked.to):
            print(line)
        return 0
    try:
        with lines_of(asked.source) as lines:
            results = reconcile.compare(database, service.name, lines)
        results = _confirmed(results, asked.again) if asked.again else results
    except (Unreadable, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(map(comparison.as_json, results)) if asked.json else report(results))
    return int(any(result.differs for result in results))


def _confirmed(results: Sequence[Comparison], earlier: str) -> list[Comparison]:
    with lines_of(earlier) as lines:
        before = {(first.producer, first.reader): first for first in map(comparison.from_json, lines)}
    return [
        comparison.confirmed(before[pair], result) if (pair := (result.producer, result.reader)) in before else result
        for result in results
    ]


def report(results: Sequence[Comparison]) -> str:
    """A table of the pairs, then what differs and what to do about it."""
    parts = [table(COLUMNS, [asdict(result) for result in results])]
    for result in results:
        if result.differs:
            parts += ["", f"{result.producer} -> {result.reader}", _named(result), *comparison.remedy(result)]
    return "\n".join(parts)


def _named(result: Comparison) -> str:
    rows = [asdict(each) | {"log": _shown(each.log), "here": _shown(each.here)} for each in result.differences[:SHOWN]]
    more = result.behind + result.missing + result.ahead - len(rows)
    return table(DIFFERENCES, rows) + (f"\n… and {more} more, see --json" if more else "")


def _shown(place: Place | None) -> str:
    return f"{place[0]}/{place[1]}" if place else "none"


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--to", required=True, metavar="SERVICE", help="the service that will rebuild its projection")


def _export(service: Service, settings: Settings, asked: argparse.Namespace) -> int:
    database = service.database(settings, "export")
    try:
        for line in rebuilding.export(database, topology.load(), settings.street, service.name, asked.to):
            print(line)
    except rebuilding.RebuildRefused as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _rebuild_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--from",
        dest="sources",
        metavar="FILE",
        action="append",
        required=True,
        help="what `export` of the producers wrote; may be given several times, - is stdin",
    )
    parser.add_argument("--dry-run", action="store_true", help="do everything, then roll it back")


def _rebuild(service: Service, settings: Settings, asked: argparse.Namespace) -> int:
    if service.projection is None:
        print(f"{service.name} has nothing to rebuild: {service.no_projection}", file=sys.stderr)
        return 1
    database = service.database(settings, "rebuild")
    try:
        with ExitStack() as opened:
            lines = chain.from_iterable(opened.enter_context(lines_of(name)) for name in asked.sources)
            done = rebuilding.rebuild(database, service.projection, service.name, lines, asked.dry_run)
    except (rebuilding.RebuildRefused, Unreadable, Undecodable, OSError) as error:
        print(f"nothing was changed: {error}", file=sys.stderr)
        return 1
    print(_rebuilt(done) + ("; rolled back, this was a dry run" if asked.dry_run else ""))
    return 0


def _rebuilt(done: rebuilding.Rebuilt) -> str:
    said = [f"{done.events} events folded into {done.keys} keys"]
    if done.moved:
        said.append(f"{_some(done.moved)} left unchanged: they moved on meanwhile; run it again for these")
    if done.older:
        said.append(f"{_some(done.older)} left unchanged: their history begins before the logs")
    return "; ".join(said)


def _some(keys: Sequence[str]) -> str:
    return f"{len(keys)} ({', '.join(keys[:5])}{', …' if len(keys) > 5 else ''})"


CHECKS = (
    Operation(
        "reconcile",
        "compare the newest event of every subject in a producer's log with what its readers have seen",
        _reconcile,
        _reconcile_arguments,
    ),
    Operation(
        "export", "write every event in the log that one reader is bound to, as JSON lines", _export, _export_arguments
    ),
    Operation(
        "rebuild",
        "rebuild what is kept of other services' events, without acting on them",
        _rebuild,
        _rebuild_arguments,
    ),
)
