"""The operators' commands that every service has: its status, and what a person decides about its events.

Tables are for people, `--json` for scripts: one object, or one object per line. Exit code 0: done or nothing to do;
1: refused, not found, or something needs a person; 2: wrong usage.
"""

import argparse
import getpass
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping

from chassis.delivery import aside
from chassis.delivery import relay as relaying
from chassis.operating import facts
from chassis.operating.service import Service
from chassis.operating.table import table
from chassis.operating.verdicts import ACT, screen, worst
from chassis.settings import Settings

Row = Mapping[str, Any] | RowMapping
Run = Callable[[Service, Settings, argparse.Namespace], int]


@dataclass(frozen=True)
class Operation:
    """One command of every service: its name, what it is for, its arguments, and what runs it."""

    name: str
    about: str
    run: Run
    arguments: Callable[[argparse.ArgumentParser], None]


def who() -> str:
    """Who decides, unless --by says otherwise."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return f"user {os.getuid()}"


def rows(asked: argparse.Namespace, found: Sequence[Row], columns: Sequence[str], none: str) -> None:
    """Prints the rows as they were asked for."""
    if asked.json:
        for row in found:
            print(json.dumps(dict(row), ensure_ascii=False, default=str))
    else:
        print(table(columns, found) if found else none)


def wrong(sentence: str) -> int:
    """The answer to wrong usage: a sentence and exit code 2."""
    print(sentence, file=sys.stderr)
    return 2


def _status_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object: the facts, the lines, the verdict")


def _status(service: Service, settings: Settings, asked: argparse.Namespace) -> int:
    known = facts.gather(service, settings)
    shown = facts.judged(service, known)
    print(facts.as_json(known, shown) if asked.json else screen([(service.name, shown)]))
    return int(worst([line.verdict for line in shown]) == ACT)


def _aside_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["list", "replay", "skip", "skipped"])
    parser.add_argument("id", type=int, nargs="?", help="the row's number in `aside list`")
    parser.add_argument("--subject", help="list or replay everything of one subject: a case, unit, message or letter")
    parser.add_argument("--all", action="store_true", help="replay everything, e.g. after a fix is deployed")
    parser.add_argument("--reason", help="why the event is skipped; kept for good")
    parser.add_argument("--by", default=who(), help="whose decision it is (default: %(default)s)")
    parser.add_argument("--limit", type=int, default=100, help="rows to list (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="one JSON object per row")


ASIDE_COLUMNS = ("id", "source", "subject", "type", "seq", "state", "attempts", "error")
SKIPPED_COLUMNS = ("id", "source", "subject", "type", "seq", "skipped_at", "skipped_by", "reason")


def _aside(service: Service, settings: Settings, asked: argparse.Namespace) -> int:
    run = {"list": _aside_list, "skipped": _aside_skipped, "replay": _aside_replay, "skip": _aside_skip}[asked.what]
    return run(service, settings, asked)


def _aside_list(service: Service, settings: Settings, asked: argparse.Namespace) -> int:
    with service.database(settings, "aside").transaction() as tx:
        found = [dict(row) | {"state": _state(row)} for row in aside.listed(tx, asked.limit, asked.subject)]
    rows(asked, found, ASIDE_COLUMNS, "no event is aside")
    return 0


def _state(row: Row) -> str:
    """What the row waits for."""
    if row["behind"]:
        return f"behind {row['behind']}"
    return "parked" if row["parked_at"] else f"again {row['next_try']:%H:%M:%S}Z"


def _aside_skipped(service: Service, settings: Settings, asked: argparse.Namespace) -> int:
    with service.database(settings, "aside").transaction() as tx:
        found = aside.passed_over(tx, asked.limit)
    rows(asked, found, SKIPPED_COLUMNS, "no event was ever skipped")
    return 0


def _aside_replay(service: Service, settings: Settings, asked: argparse.Namespace) -> int:
    if [asked.id is not None, bool(asked.subject), asked.all].count(True) != 1:
        return wrong("aside replay needs the number of a row, or --subject, or --all")
    with service.database(settings, "aside").transaction() as tx:
        tried = aside.again(tx, asked.id, asked.subject)
    if not tried:
        print(f"no event {asked.id or asked.subject or 'at all'} is aside")
        return int(not asked.all)
    print(f"replay: {tried} events are retried now, in order; `aside list` shows what fails again")
    return 0


def _aside_skip(service: Service, settings: Settings, asked: argparse.Namespace) -> int:
    if asked.id is None:
        return wrong("aside skip needs the number of a row")
    if not (asked.reason or "").strip():
        return wrong("aside skip needs --reason")
    with service.database(settings, "aside").transaction() as tx:
        done = aside.skip(tx, asked.id, asked.reason.strip(), asked.by)
    print(f"skip: {asked.id}, kept in `aside skipped`" if done else f"no event {asked.id} is aside")
    return int(not done)


def _outbox_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["list", "release"])
    parser.add_argument("id", type=int, nargs="?", help="the row's number in `outbox list` (default: all)")
    parser.add_argument("--limit", type=int, default=100, help="rows to list (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="one JSON object per row")


OUTBOX_COLUMNS = ("id", "subject", "type", "seq", "time", "behind", "reason")


def _outbox(service: Service, settings: Settings, asked: argparse.Namespace) -> int:
    with service.database(settings, "outbox").transaction() as tx:
        if asked.what == "release":
            released = relaying.release(tx, asked.id)
            print(f"release: {released} held events and those behind them leave in order" if released else "none held")
            return int(not released and asked.id is not None)
        found, waiting = relaying.held(tx, asked.limit), relaying.gauges(tx)["rows"]
    rows(asked, found, OUTBOX_COLUMNS, f"no event is held; {waiting} wait to be published")
    return 0


OPERATIONS = (
    Operation("status", "what waits, on one screen; exit code 1 when a person is needed", _status, _status_arguments),
    Operation("aside", "events that failed: list, replay, skip, or list what was skipped", _aside, _aside_arguments),
    Operation("outbox", "events the broker refused: list them, or release them", _outbox, _outbox_arguments),
)
