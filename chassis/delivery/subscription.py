"""What a service reads of others' events, and how it folds them into its own state."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from marshmallow import Schema
from sqlalchemy import Connection

from chassis.delivery.envelope import Draft, Event

V = TypeVar("V")


@dataclass(frozen=True)
class Subscription(Generic[V]):
    """What a service does with the events it consumes.

    `reads`: our own small schema per (producer, type). `load` returns the values of all partition keys in the batch,
    their rows locked in order. `fold` is pure; what it raises puts the event aside. `save` writes the changed values.
    `load` and `save` use a constant number of statements whatever the batch's size. `tick`, where given, learns in
    the batch's transaction that everything published before a moment is committed here (`chassis.delivery.probe`).
    """

    reads: Mapping[tuple[str, str], type[Schema]]
    load: Callable[[Connection, Sequence[Event]], dict[str, V]]
    fold: Callable[[V | None, Event, datetime], tuple[V, list[Draft]]]
    save: Callable[[Connection, Mapping[str, V]], None]
    tick: Callable[[Connection, datetime], None] | None = None
    schemas: dict[tuple[str, str], Schema] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "schemas", {key: schema() for key, schema in self.reads.items()})

    def understood(self, event: Event) -> Event | None:
        """The event with its data read by our own schema; None for a type we do not read."""
        schema = self.schemas.get((event.producer, event.type))
        if schema is None or event.version != 1:
            return None
        data = schema.load(event.data)
        return Event(**{name: getattr(event, name) for name in Event.__slots__} | {"data": data})


def fold_into(
    subscription: Subscription[V],
    values: dict[str, V],
    changed: dict[str, V],
    drafts: list[Draft],
    event: Event,
    now: datetime,
) -> None:
    """Folds one event; nothing is changed when it raises."""
    understood = subscription.understood(event)
    if understood is None:
        return
    value, published = subscription.fold(values.get(event.partitionkey), understood, now)
    values[event.partitionkey] = changed[event.partitionkey] = value
    drafts.extend(published)
