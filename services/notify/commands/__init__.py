"""One function per command, by what it acts on: load, decide, save, publish."""

from services.notify.commands.cases import READING

__all__ = ["READING"]
