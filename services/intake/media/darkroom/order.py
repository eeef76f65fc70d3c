"""What the worker asks of the porter, and what it is told: one line of JSON each."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from services.intake.domain.media import Kind

STORE_AWAY = 75
"""The porter's exit code when the object store does not answer, or ffmpeg is missing: the file was not to blame."""


@dataclass(frozen=True, slots=True)
class Order:
    """One file to develop.

    `ends`: where each of its pieces ends; `seconds`: how long processing may take; `longest`: how long a video may
    last, in seconds; `store`: where the object store is, for `object_store.opened`.
    """

    id: str
    kind: Kind
    size: int
    ends: tuple[int, ...]
    consent: bool
    seconds: int
    longest: int
    store: Mapping[str, Any]


def written(order: Order) -> str:
    return json.dumps(asdict(order))


def read(text: str) -> Order:
    """Raises ValueError, TypeError or KeyError for anything else than what `written` wrote."""
    fields = json.loads(text)
    return Order(**{**fields, "kind": Kind(fields["kind"]), "ends": tuple(fields["ends"])})
