"""What a unit notes about its own work: who handles the case, and what was done on site (R24, R32)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.dispatch.domain.case import Case
from services.dispatch.domain.states import next_state

KINDS = {"note": "记录", "before": "处置前", "after": "处置后"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the work log that is not an event: which change of the case it belongs to, what was done, and when."""

    number: str
    revision: int
    type: str
    at: datetime
    says: Mapping[str, Any]


def name_handler(case: Case, name: str, now: datetime) -> tuple[Case, Entry]:
    """An officer of the unit takes charge of the case. Raises IllegalTransition."""
    case = replace(case, state=next_state(case.state, "name_handler"), handler=name, revision=case.revision + 1)
    return case, Entry(case.number, case.revision, "handler", now, {"handler": name})


def record(case: Case, kind: str, text: str, media: tuple[str, ...], now: datetime) -> tuple[Case, Entry]:
    """Something was done; `media` are intake's ids of its photos. Raises IllegalTransition."""
    case = replace(case, state=next_state(case.state, "work"), revision=case.revision + 1)
    return case, Entry(case.number, case.revision, "work", now, {"kind": kind, "text": text, "media": list(media)})
