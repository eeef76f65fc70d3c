"""Open cases of another system become cases of ours."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import Connection

from chassis.delivery import outbox
from services.intake import events, store
from services.intake.commands.context import Context
from services.intake.domain import case as cases
from services.intake.domain import query_code
from services.intake.domain.case import AcceptedBy, Case, Raised
from services.intake.domain.identity import Writer
from services.intake.domain.numbering import day_of
from services.intake.domain.open_cases import OpenCase


@dataclass(frozen=True, slots=True)
class _Import:
    case: Case
    writer: Writer
    external_id: str
    raised: list[Raised]


def import_cases(tx: Connection, context: Context, open_cases: Sequence[OpenCase]) -> int:
    """Adds the open cases that are not here yet and publishes them as submitted and accepted; returns how many."""
    known = store.known_external_ids(tx, [each.external_id for each in open_cases])
    unknown = [each for each in open_cases if each.external_id not in known]
    imports = [_imported(each, number) for each, number in _numbered(context, unknown)]
    rows = [(each.case, context.secrecy.seal(each.case.number, each.writer), each.external_id) for each in imports]
    added = store.add(tx, rows)
    published = (each for each in imports if each.case.number in added)
    outbox.put(tx, [draft for each in published for draft in events.drafts(each.raised, each.writer.name)])
    return len(added)


def _numbered(context: Context, open_cases: Sequence[OpenCase]) -> Iterator[tuple[OpenCase, str]]:
    """Each with a number of the day it was submitted."""
    ordered = sorted(open_cases, key=lambda each: each.submitted_at)
    for day, group in groupby(ordered, key=lambda each: day_of(each.submitted_at)):
        same_day = list(group)
        yield from zip(same_day, context.numbers.several(day, len(same_day)), strict=True)


def _imported(each: OpenCase, number: str) -> _Import:
    # No search for emergency words: a person judged the case when it was dispatched, before the import.
    submitted, raised = cases.submit(each.statement, number, each.submitted_at, None, each.imported)
    accepted, more = cases.accept(submitted, AcceptedBy.IMPORT, each.imported.accepted_at)
    return _Import(accepted, Writer(each.name, each.mobile, query_code.new()), each.external_id, raised + more)
