"""What notify can be asked to do, and how it follows the other services' events."""

from services.notify.commands.cases import SUBSCRIPTION

__all__ = ["SUBSCRIPTION"]
