"""Who wrote a case: shown masked, revealed with a reason, given to notify sealed. Every full read is logged."""

from collections.abc import Sequence

from sqlalchemy import Connection

from chassis import clock, crypto
from services.intake import store
from services.intake.commands import queries
from services.intake.commands.context import Context
from services.intake.domain import contacts as contact_rules
from services.intake.domain.identity import Writer
from services.intake.errors import CaseNotFound, ReaderKeyMissing


def writer(tx: Connection, context: Context, number: str) -> Writer:
    """Who wrote the case, not logged: callers show it masked. Raises CaseNotFound."""
    for row in store.identities(tx, [number]):
        return context.secrecy.open(row)
    raise CaseNotFound()


def reveal(tx: Connection, context: Context, number: str, who: str, why: str) -> Writer:
    """Who wrote the case, in full; the log records who asked and why. Raises CaseNotFound."""
    queries.case(tx, number)
    store.log_access(tx, clock.now(tx), [store.Access(number, who, why, ("name", "mobile"))])
    return writer(tx, context, number)


def contacts(tx: Connection, context: Context, numbers: Sequence[str], purpose: str) -> dict[str, str]:
    """How to reach the writers of these cases, sealed to the reader's key: {"sealed": JWE of {number: fields}}.

    Writers without a telephone are absent. Every read is logged. Raises UnknownPurpose, TooManyCases, ReaderKeyMissing.
    """
    fields = contact_rules.fields_for(purpose, len(numbers))
    if context.settings.reader_keys is None:
        raise ReaderKeyMissing()
    writers = {row.number: context.secrecy.open(row) for row in store.identities(tx, numbers)}
    found = {number: contact_rules.contact(writer, fields) for number, writer in writers.items()}
    reachable = {number: contact for number, contact in found.items() if contact}
    reads = [store.Access(number, "notify", purpose, fields) for number in reachable]
    store.log_access(tx, clock.now(tx), reads)
    return {"sealed": crypto.jwe_seal(reachable, context.settings.reader_keys)}
