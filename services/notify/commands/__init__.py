"""What can be asked of notify, and how it reads the others' events."""

from services.notify.commands.cases import SUBSCRIPTION

__all__ = ["SUBSCRIPTION"]
