"""`python -m services.intake import FILE.csv`: open cases of another system, checked whole before any is added."""

import argparse
import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from chassis import clock
from chassis.database import Database
from chassis.settings import Settings as Base
from services.intake.commands.context import new_context
from services.intake.commands.importing import import_cases
from services.intake.domain.open_cases import Fault, OpenCase, read
from services.intake.settings import Settings

BATCH = 500


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="CSV in UTF-8 with a header line; see services/intake/README.md")
    parser.add_argument("--skip-bad", action="store_true", help="import the correct lines and report the others")


def run(asked: argparse.Namespace, base: Base, database: Database) -> int:
    """Returns the exit code: 1 if any line is wrong; then nothing is imported, unless --skip-bad is given."""
    settings = cast(Settings, base)
    try:
        valid, faults = _read(asked.file, settings, database)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        return _say(f"{asked.file} cannot be read as CSV in UTF-8 ({type(error).__name__})")
    for fault in faults:
        _say(str(fault))
    if faults and not asked.skip_bad:
        return _say(f"nothing imported: {len(faults)} of {len(valid) + len(faults)} lines are wrong")
    added = sum(_add(valid, settings, database))
    summary = f"{added} cases imported, {len(valid) - added} were here already, {len(faults)} lines skipped"
    sys.stdout.write(summary + "\n")
    return 1 if faults else 0


def _read(file: Path, settings: Settings, database: Database) -> tuple[list[OpenCase], list[Fault]]:
    with database.transaction() as tx:
        now = clock.now(tx)
    with file.open(encoding="utf-8-sig", newline="") as lines:
        found = [each for _, each in read(lines, settings.community_codes, now)]
    return [each for each in found if isinstance(each, OpenCase)], [each for each in found if isinstance(each, Fault)]


def _add(valid: list[OpenCase], settings: Settings, database: Database) -> Iterator[int]:
    context = new_context(settings, database)
    for start in range(0, len(valid), BATCH):
        with database.transaction() as tx:
            added = import_cases(tx, context, valid[start : start + BATCH])
        _say(f"{min(start + BATCH, len(valid))} of {len(valid)} lines done")
        yield added


def _say(sentence: str) -> int:
    sys.stderr.write(sentence + "\n")
    return 1
