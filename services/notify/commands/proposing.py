"""Warning letters that are due only some time after the breach."""

from chassis import clock
from chassis.database import Database
from chassis.delivery import outbox
from services.notify import store
from services.notify.commands import case_files

BATCH = 100


def propose_when_due(database: Database) -> bool:
    """Proposes the letters whose grace period has ended; true if any case was due."""
    with database.transaction() as tx:
        now = clock.now(tx)
        files = case_files.with_letters(tx, store.cases.waiting_for_letter(tx, now, BATCH))
        agreed = [case_files.agreed(file, now) for file in files.values()]
        case_files.save(tx, [file for file, _ in agreed])
        outbox.put(tx, [draft for _, drafts in agreed for draft in drafts])
    return bool(agreed)
