"""What sla is told by its environment: nothing beyond what every service is."""

import functools
from dataclasses import dataclass

from chassis.settings import Settings as Base
from chassis.settings import read


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Base):
    """The chassis's own settings; the time limits are rule data (`limit.py`), never a setting."""


@functools.cache
def current() -> Settings:
    """The process's settings. Raises SettingsError."""
    return read(Settings)
