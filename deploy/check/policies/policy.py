"""A policy: one function over rendered objects, with its reason and where it holds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from deploy.check.finding import Finding
from deploy.check.objects import Object, label
from deploy.check.rendering import Rendered


class Level(Enum):
    """Where a policy holds: in all that renders, in what real people use, or in production alone."""

    EVERYWHERE = ("", "dev", "staging", "production")
    INSTALLED = ("staging", "production")
    PRODUCTION = ("production",)


Look = Callable[[Rendered], Iterator[tuple[Object, str]]]


@dataclass(frozen=True)
class Policy:
    """Named by what it demands; `reason` says what happens without it; `look` gives the offending objects."""

    name: str
    reason: str
    level: Level
    look: Look

    def findings(self, given: Rendered) -> Iterator[Finding]:
        """What breaks it; nothing where it does not hold."""
        if given.overlay in self.level.value:
            for each, sentence in self.look(given):
                yield Finding(given.name, label(each), f"{sentence} [{self.name}]")


def policy(reason: str, level: Level = Level.EVERYWHERE) -> Callable[[Look], Policy]:
    """Makes a policy of a function; its name is the function's."""

    def made(look: Look) -> Policy:
        return Policy(look.__name__.replace("_", "-"), reason, level, look)

    return made


Broken = Iterator[tuple[Object, str]]
