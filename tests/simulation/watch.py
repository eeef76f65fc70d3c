"""What can be wrong for a moment and look right at the end: watched at every commit, with eyes no service has."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from chassis.delivery.envelope import source_of
from services.sla.consumed import READS
from tests.simulation.memory import ABSENT, Tx
from tests.simulation.sql_sla import retried_subjects
from tests.simulation.town import Town

KNOWN_SECONDS = 2


def watch(town: Town) -> None:
    """Has the town note what must never be seen."""
    town.databases["sla"].watchers.append(lambda tx: _fires_on_what_is_known(town, tx))


def _fires_on_what_is_known(town: Town, tx: Tx) -> None:
    """A clock fires only when its time has come by sla's own clock, and only if every event of its case that was
    published two seconds ago is applied or parked here."""
    firings = tx.tables["firings"]
    if tx.folded or not any(rows is firings for rows, _, _ in tx.undo):
        return  # by a fact, or not at all
    for rows, key, before in tx.undo:
        if rows is firings and before is ABSENT:
            town.tell("sla", "fires", key)
            town.violations += [("sla", what, key[0]) for what in _faults(town, tx, *key)]


def _faults(town: Town, tx: Tx, number: str, kind: str, gen: int, stage: str) -> Iterator[str]:
    clock = tx.tables["clocks"][number, kind]
    if tx.now < clock["due" if stage == "breached" else "warn_at"]:
        yield f"fired {kind} {stage} early"
    if number in retried_subjects(tx.tables["aside"]):
        yield f"fired {kind} {stage} while events of the case are tried again"
    for seq, type_ in _missed(town, tx, number):
        yield f"fired {kind} {stage} and had not applied {type_} #{seq}, published before"


def _missed(town: Town, tx: Tx, number: str) -> list[tuple[int, str]]:
    """Events of the case published long enough ago and not read by sla at all."""
    missed, long_ago = [], tx.now - timedelta(seconds=KNOWN_SECONDS)
    for producer in ("intake", "dispatch"):
        place: Any = tx.tables["seen"].get((source_of("xinan", producer), number), (0, 0))
        for row in town.databases[producer].tables["event_log"].values():
            is_known = row["subject"] != number or (row["epoch"], row["seq"]) <= place
            if not is_known and (producer, row["type"]) in READS and row["published_at"] <= long_ago:
                missed.append((row["seq"], row["type"]))
    return missed
