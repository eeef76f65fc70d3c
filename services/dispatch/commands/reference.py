"""Organisation, duty list and directory: how they are loaded, and what cases are judged by."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from chassis import clock
from chassis.delivery import outbox
from services.dispatch import events, store
from services.dispatch.commands.files import DirectoryFile, DutiesFile, OrganisationFile
from services.dispatch.domain import directory, duties, organisation, triage
from services.dispatch.domain.directory import Directory
from services.dispatch.domain.duties import DutyList
from services.dispatch.domain.organisation import Organisation


@dataclass(frozen=True, slots=True)
class Reference:
    """What cases are judged by."""

    organisation: Organisation
    duties: DutyList


class Rejected(Exception):
    """A file that must not be loaded: one sentence per reason."""


def load_organisation(tx: Connection, file: OrganisationFile) -> list[organisation.Change]:
    """Makes the file's units the organisation and tells of each that changed; the same file again changes nothing.

    Raises Rejected.
    """
    store.lock_editions(tx, change=True)
    stored = store.organisation(tx)
    _refuse(organisation.problems(file.units, stored))
    changes = organisation.changes(stored, file.units)
    if changes:
        store.save_units(tx, [change.unit for change in changes])
        store.renew_edition(tx, "organisation", file.version)
        outbox.put(tx, [events.unit_draft(change.unit, clock.now(tx)) for change in changes])
    return changes


def load_duties(tx: Connection, file: DutiesFile) -> list[duties.Change]:
    """Makes the file the duty list; items it leaves out end today and stay readable. Raises Rejected."""
    editions = store.lock_editions(tx, change=True)
    stored = store.duty_list(tx, editions["duties"])
    _refuse(duties.problems(file.duties, store.organisation(tx)))
    today = clock.now(tx).astimezone(triage.SHANGHAI).date()
    changes = duties.changes(stored, file.duties, today)
    if changes or (stored.version, stored.words) != (file.version, file.words):
        store.save_duties(tx, [change.duty for change in changes], [duty.code for duty in file.duties])
        store.renew_edition(tx, "duties", file.version, file.words)
    return changes


def load_directory(tx: Connection, file: DirectoryFile) -> list[directory.Change]:
    """Makes the file the public directory; what it leaves out disappears. Raises Rejected."""
    editions = store.lock_editions(tx, change=True)
    stored = store.directory.read(tx, editions["directory"].version)
    today = clock.now(tx).astimezone(triage.SHANGHAI).date()
    _refuse(directory.problems(file.entries, store.organisation(tx), today))
    changes = directory.changes(stored, file.entries)
    if Directory(file.version, file.entries) != stored:
        store.directory.replace(tx, file.entries)
        store.renew_edition(tx, "directory", file.version)
    return changes


def _refuse(problems: Sequence[str]) -> None:
    if problems:
        raise Rejected("\n".join(problems))


_remembered: dict[tuple[Any, Any], Reference] = {}


def judged_by(tx: Connection) -> Reference:
    """Organisation and duty list, held as they are until the end of `tx`; read again only after a change."""
    editions = store.lock_editions(tx)
    key = (editions["organisation"].id, editions["duties"].id)
    if key not in _remembered:
        found = Reference(store.organisation(tx), store.duty_list(tx, editions["duties"]))
        _remembered.clear()
        _remembered[key] = found
        return found
    return _remembered[key]
