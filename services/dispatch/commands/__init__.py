"""What dispatch does, each in the caller's transaction, one module per concept."""

from services.dispatch.commands.heard import READING
from services.dispatch.commands.officer import Officer
from services.dispatch.commands.questions import (
    count_open,
    duty_list,
    page,
    public_directory,
    read,
    standing,
    status,
    units,
    wall,
)
from services.dispatch.commands.reference import Rejected, load_directory, load_duties, load_organisation
from services.dispatch.commands.way import acknowledge, close, contact, dispatch, reply, send_back

__all__ = [
    "READING", "Officer", "Rejected", "acknowledge", "close", "contact", "count_open", "dispatch", "duty_list",
    "load_directory", "load_duties", "load_organisation", "page", "public_directory", "read", "reply", "send_back",
    "standing", "status", "units", "wall",
]  # fmt: skip
