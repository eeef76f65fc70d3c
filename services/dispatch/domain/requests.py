"""What officers ask for, one value per command and per list, whichever door it came through.

`None` and an empty tuple in a dispatch differ: None leaves what is known as it is.
"""

from dataclasses import asdict, dataclass
from datetime import datetime

BULK_LIMIT = 100
"""Cases that one request may dispatch."""


@dataclass(frozen=True, slots=True)
class Request:
    """What an officer asks to be done with one case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch(Request):
    """To which unit a case goes; what is None stays as triage, or an earlier dispatch, left it."""

    unit: str
    complexity: str | None = None
    helpers: tuple[str, ...] | None = None
    category: str | None = None
    priority: bool | None = None
    sensitive: bool | None = None
    restricted: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Dispatch):
    """The centre's ruling on a hand-back. The unit that handed it back, again, is a forced dispatch."""

    reason: str


@dataclass(frozen=True, slots=True)
class Acknowledge(Request):
    """The unit has received the case; there is nothing more to say."""


@dataclass(frozen=True, slots=True)
class Contact(Request):
    """What the resident was told, by which means, and the date promised (aware UTC)."""

    process: str
    means: str
    promised_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reply(Request):
    """The unit's answer to the resident; `media` are intake's ids of its photos."""

    text: str
    media: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HandBack(Request):
    """Why the case is not the unit's."""

    reason_code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Merge(Request):
    """The number of the case that will answer for both."""

    into: str


@dataclass(frozen=True, slots=True)
class Close(Request):
    """The review passed."""

    outcome: str


@dataclass(frozen=True, slots=True)
class SendBack(Request):
    """The review failed."""

    reason: str


@dataclass(frozen=True, slots=True)
class NameHandler(Request):
    """Who in the unit works on the case."""

    name: str


@dataclass(frozen=True, slots=True)
class RecordWork(Request):
    """What the unit did; `media` are intake's ids of the photos."""

    kind: str
    text: str
    media: tuple[str, ...] = ()


def fingerprint(request: Request) -> dict[str, object]:
    """What tells one request from another under an Idempotency-Key.

    Spelled as release 0.1.0 spelled it: during a rolling upgrade, and for the 48 hours a key is kept, either release
    may be asked again for what the other did.
    """
    said = asdict(request)
    if isinstance(request, Close):
        return {"decision": "close", "reason": None} | said
    if isinstance(request, SendBack):
        return {"decision": "send_back", "outcome": None} | said
    if isinstance(request, Dispatch):
        return {name: value for name, value in said.items() if value is not None}
    return said


@dataclass(frozen=True, slots=True)
class BulkDispatch:
    """The waiting cases to send where triage suggests."""

    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseList:
    """Which cases, in which order: by `number`, `newest` first, or by `time_left`.

    `after` is where the page before ended. A unit or community of "none" stands for cases that have none.
    """

    state: str | None = None
    states: tuple[str, ...] = ()
    open: bool = False
    unit: str | None = None
    community: str | None = None
    mark: str | None = None
    sort: str = "number"
    after: str = ""
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What to look for, newest first; all of it must hold. `since` and `until` (excluded) are aware UTC."""

    words: str = ""
    number: str | None = None
    state: str | None = None
    unit: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    after: str | None = None
    limit: int = 50
