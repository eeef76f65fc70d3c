"""What may not change in the topology: processes of the last release go on with it, and lose nothing to it."""

from collections.abc import Iterator, Mapping
from typing import Any

Topology = Mapping[str, Any]
Binding = tuple[str, str, str]  # queue, exchange, routing key


def topology_breaks(old: Topology, new: Topology) -> list[str]:
    """One line for each queue, binding or right that processes of the last release have and would miss."""
    return [*_bindings_gone(old, new), *_rights_changed(old, new)]


def newly_bound(old: Topology, new: Topology) -> list[Binding]:
    """What reaches a queue of ours that existed before: a worker of the last release would drop it unread."""
    return sorted(
        each
        for each in _bindings(new) - _bindings(old)
        if each[0].endswith(".inbox") and each[0] in old["bindings"] and not each[2].startswith("restricted.")
    )


def _bindings(topology: Topology) -> set[Binding]:
    return {
        (queue, exchange, key)
        for queue, exchanges in topology["bindings"].items()
        for exchange, keys in exchanges.items()
        for key in keys
    }


def _bindings_gone(old: Topology, new: Topology) -> Iterator[str]:
    for queue, exchange, key in sorted(_bindings(old) - _bindings(new)):
        yield f"{queue} no longer hears {key} of {exchange}"


def _rights_changed(old: Topology, new: Topology) -> Iterator[str]:
    for user, rights in old["users"].items():
        for right in ("configure", "write", "read"):
            now = new["users"].get(user, {}).get(right)
            if now != rights[right]:
                yield f"{user}: may {right} {now}, was {rights[right]}"
