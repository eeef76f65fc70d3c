"""What the services' code stands on, put behind the seed while a simulation runs and given back afterwards.

Replaced is only what is not ours or not pure: the random source, the monotonic clock, the child process that prints,
what an armed failpoint does, and the parsing of statements, which would cost more than all else here.
"""

import logging
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import sqlalchemy
import structlog

from chassis import failpoints
from chassis.delivery import consumer, relay
from chassis.delivery.subscription import Subscription
from services.dispatch import commands as dispatch
from services.intake import commands as intake
from services.intake.domain import query_code
from services.notify.commands import cases as notify
from services.notify.commands import pending, printing, residents, sender, sms, staff
from services.sla import commands as sla
from tests.simulation.memory import Refused
from tests.simulation.town import Town

stage = SimpleNamespace(town=None)


def _watched(service: str, subscription: Subscription[Any]) -> Subscription[Any]:
    """The service's own subscription; the town learns what is folded, and may have the fold fail."""

    def fold(value: Any, event: Any, now: Any) -> Any:
        stage.town.trouble.hears(service, event)
        with _sound(service, event.subject):
            folded = subscription.fold(value, event, now)
        stage.town.databases[service].current.folded.append((event.source, event.subject, event.place))
        return folded

    def save(tx: Any, changed: Any) -> None:
        if stage.town.faults.strikes("statement_refused"):
            raise Refused
        with _sound(service, "saving"):
            subscription.save(tx, changed)

    return replace(subscription, fold=fold, save=save)


SUBSCRIPTIONS = {
    "intake": _watched("intake", intake.SUBSCRIPTION),
    "dispatch": _watched("dispatch", dispatch.SUBSCRIPTION),
    "sla": _watched("sla", sla.SUBSCRIPTION),
    "notify": _watched("notify", notify.SUBSCRIPTION),
}


@contextmanager
def _sound(service: str, about: str) -> Iterator[None]:
    """What fails here without having been made to is a finding, whoever catches it."""
    try:
        yield
    except Exception as error:
        stage.town.violations.append((service, f"failed by itself with {type(error).__name__}: {error}", about))
        raise


def _uuid4() -> uuid.UUID:
    return uuid.UUID(int=stage.town.rng.getrandbits(128), version=4)


def _code() -> str:
    return "".join(stage.town.rng.choices(query_code.ALPHABET, k=query_code.LENGTH))


def _replacements() -> Iterator[tuple[Any, str, Any]]:
    yield failpoints, "hit", lambda name: stage.town.failpoint(name)
    yield pending, "chance", lambda: stage.town.rng.random()
    yield sms, "uuid", SimpleNamespace(uuid4=_uuid4)
    clock = SimpleNamespace(monotonic=lambda: stage.town.now)
    for module in (sender, residents, staff, relay, consumer):
        yield module, "time", clock
    yield printing, "print_letters", lambda *order: stage.town.printer.print_letters(*order)
    yield query_code, "new", _code
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] in ("chassis", "services") and getattr(module, "text", None) is sqlalchemy.text:
            yield module, "text", str


@contextmanager
def laid() -> Iterator[None]:
    """The ground is laid within the block."""
    logged = structlog.get_config()
    replaced = [(thing, name, getattr(thing, name), new) for thing, name, new in _replacements()]
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL), cache_logger_on_first_use=False
    )
    try:
        for thing, name, _, new in replaced:
            setattr(thing, name, new)
        yield
    finally:
        for thing, name, old, _ in replaced:
            setattr(thing, name, old)
        structlog.configure(**logged)


def enter(town: Town) -> None:
    """From here on the services' code runs in this town."""
    stage.town = town
