"""All SQL of intake, one module per concept. Returns domain values."""

from services.intake.store.access import Access, forget_access, log_access
from services.intake.store.cases import (
    add,
    case,
    counts,
    known_external_ids,
    present,
    queue,
    update,
    waiting,
    waiting_counts,
)
from services.intake.store.identities import SealedIdentity, identities, reseal, same_telephone, sealed
from services.intake.store.numbers import reserve_block, restores
from services.intake.store.progress import add_rating, add_supplement, case_history, progress, save_progress
from services.intake.store.qr_codes import add_code, code, codes, count_code, revoke_code
from services.intake.store.tallies import count_try, forget_tallies, tallies

__all__ = [
    "Access",
    "SealedIdentity",
    "add",
    "add_code",
    "add_rating",
    "add_supplement",
    "case",
    "case_history",
    "code",
    "codes",
    "count_code",
    "count_try",
    "counts",
    "forget_access",
    "forget_tallies",
    "identities",
    "known_external_ids",
    "log_access",
    "present",
    "progress",
    "queue",
    "reseal",
    "reserve_block",
    "restores",
    "revoke_code",
    "same_telephone",
    "save_progress",
    "sealed",
    "tallies",
    "update",
    "waiting",
    "waiting_counts",
]
