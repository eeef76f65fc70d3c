"""What dispatch does, each in the caller's transaction, one module per concept."""

from services.dispatch.commands.dispatching import Outcome, dispatch, dispatch_as_suggested, dispatch_each
from services.dispatch.commands.handing_back import hand_back, rule
from services.dispatch.commands.handling import acknowledge, close, contact, reply, send_back
from services.dispatch.commands.inbox import SUBSCRIPTION
from services.dispatch.commands.merging import merge
from services.dispatch.commands.officer import Command, Officer
from services.dispatch.commands.queries import (
    count_open,
    deadlines,
    duty_list,
    page,
    public_directory,
    read,
    status,
    supplements,
    units,
    wall,
)
from services.dispatch.commands.reference import Rejected, load_directory, load_duties, load_organisation
from services.dispatch.commands.searching import near, search
from services.dispatch.commands.work import name_handler, record_work

__all__ = [
    "SUBSCRIPTION", "Command", "Officer", "Outcome", "Rejected", "acknowledge", "close", "contact", "count_open",
    "deadlines", "dispatch", "dispatch_as_suggested", "dispatch_each", "duty_list", "hand_back", "load_directory",
    "load_duties", "load_organisation", "merge", "name_handler", "near", "page", "public_directory", "read",
    "record_work", "reply", "rule", "search", "send_back", "status", "supplements", "units", "wall",
]  # fmt: skip
