"""What sla does: it follows the events of each case, and fires clocks as they come due."""

from services.sla.commands.firing import Firing
from services.sla.commands.inbox import SUBSCRIPTION, fold

__all__ = ["SUBSCRIPTION", "Firing", "fold"]
