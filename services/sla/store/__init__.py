"""All SQL of sla, one module per concept."""

from services.sla.store.cases import load, save
from services.sla.store.claim import FiredBatch, Outlook, fire, look, mark_caught_up
from services.sla.store.lists import armed, case, overdue, page, status

__all__ = [
    "FiredBatch",
    "Outlook",
    "armed",
    "case",
    "fire",
    "load",
    "look",
    "mark_caught_up",
    "overdue",
    "page",
    "save",
    "status",
]
