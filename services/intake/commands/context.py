"""What the commands work with."""

from dataclasses import dataclass

from chassis.database import Database
from services.intake.commands.numbers import Numbers
from services.intake.commands.secrecy import Secrecy
from services.intake.settings import Settings


@dataclass(frozen=True, slots=True)
class Context:
    """What commands need besides their transaction; made once per process."""

    settings: Settings
    numbers: Numbers
    secrecy: Secrecy


def new_context(settings: Settings, database: Database) -> Context:
    numbers = Numbers(database, settings.number_prefix, settings.number_block)
    return Context(settings, numbers, Secrecy(settings.master_keys, settings.index_key))
