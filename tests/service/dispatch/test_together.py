"""Two at once: what one transaction holds, the other waits for and then sees."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sqlalchemy import text

from chassis.database import Database
from services.dispatch import commands
from services.dispatch.commands import files
from tests.service.dispatch.office import STALLS, Intake, Office
from tests.support.events import published

UNITS = files.organisation(Path(files.__file__).parents[1] / "data" / "organisation.demo.json")
NUMBER = "XA20261124000001"


def until_somebody_waits(database: Database) -> None:
    """Returns once a session of this database waits for a lock; the test's own deadline is the limit."""
    waiting = False
    while not waiting:
        with database.transaction() as tx:
            waiting = bool(
                tx.execute(
                    text(
                        "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
                    )
                ).first()
            )


def beside(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_nobody_dispatches_to_a_unit_while_it_is_being_closed(office: Office) -> None:
    office.take_in(Intake(NUMBER, text=STALLS))
    answers: list[tuple[int, str]] = []

    def dispatch() -> None:
        answer = office.post(f"/cases/{NUMBER}/dispatch", {"unit": "O10", "complexity": "simple"})
        answers.append((answer.status_code, answer.json["code"]))

    with office.database.transaction() as tx:
        closed = tuple(replace(unit, active=unit.code != "O10") for unit in UNITS.units)
        commands.load_organisation(tx, replace(UNITS, units=closed))
        thread = beside(dispatch)
        until_somebody_waits(office.database)
    thread.join()
    assert answers == [(422, "unit_closed")]


def test_of_two_acknowledgements_at_once_one_counts(office: Office) -> None:
    office.take_in(Intake(NUMBER))
    statuses: list[int] = []

    def acknowledge() -> None:
        statuses.append(office.post(f"/cases/{NUMBER}/acknowledge", {}, "unit", "C01").status_code)

    with office.database.transaction() as tx:
        tx.execute(text("select 1 from cases where number = :number for update"), {"number": NUMBER})
        threads = [beside(acknowledge), beside(acknowledge)]
        until_somebody_waits(office.database)
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 409]
    told = [row["seq"] for row in published(office.database) if row["subject"] == NUMBER]
    assert told == [1, 2, 3]
