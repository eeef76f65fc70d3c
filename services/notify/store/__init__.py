"""All SQL of notify, one module per concept."""

from services.notify.store import cases, letters, messages, units

__all__ = ["cases", "letters", "messages", "units"]
