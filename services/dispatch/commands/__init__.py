"""What dispatch does, each in the caller's transaction, one module per concept."""

from services.dispatch.commands.bulk import BULK_LIMIT, Outcome, dispatch_as_suggested, dispatch_each
from services.dispatch.commands.detours import hand_back, merge, rule
from services.dispatch.commands.finding import near, search
from services.dispatch.commands.heard import SUBSCRIPTION
from services.dispatch.commands.officer import Officer
from services.dispatch.commands.questions import (
    count_open,
    duty_list,
    page,
    public_directory,
    read,
    standing,
    status,
    supplements,
    units,
    wall,
)
from services.dispatch.commands.reference import Rejected, load_directory, load_duties, load_organisation
from services.dispatch.commands.way import acknowledge, close, contact, dispatch, reply, send_back
from services.dispatch.commands.work import name_handler, record_work

__all__ = [
    "BULK_LIMIT", "SUBSCRIPTION", "Officer", "Outcome", "Rejected", "acknowledge", "close", "contact", "count_open",
    "dispatch", "dispatch_as_suggested", "dispatch_each", "duty_list", "hand_back", "load_directory", "load_duties",
    "load_organisation", "merge", "name_handler", "near", "page", "public_directory", "read", "record_work", "reply",
    "rule", "search", "send_back", "standing", "status", "supplements", "units", "wall",
]  # fmt: skip
