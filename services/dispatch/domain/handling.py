"""The ordinary course after a dispatch: acknowledged, contacted, replied, reviewed."""

from dataclasses import replace
from datetime import datetime

from services.dispatch.domain.case import Case, Fact, raise_event
from services.dispatch.domain.states import next_state
from services.dispatch.errors import PromiseInThePast

OUTCOMES = ("solved", "explained")
MEANS = ("telephone", "sms", "visit")


def acknowledge(case: Case, now: datetime) -> tuple[Case, list[Fact]]:
    """The lead unit confirms receipt; no clock starts by it (domain.md B3). Raises IllegalTransition."""
    case = replace(case, state=next_state(case.state, "acknowledge"), acknowledged_at=now)
    return raise_event(case, "case.acknowledged", now)


def contact(
    case: Case, process: str, means: str, promised_at: datetime | None, now: datetime
) -> tuple[Case, list[Fact]]:
    """The resident was told the process and the date (R25). Raises IllegalTransition, PromiseInThePast."""
    state = next_state(case.state, "contact")
    if promised_at is not None and promised_at < now:
        raise PromiseInThePast("promised_at")
    case = replace(case, state=state, contacted_at=now, process=process, promised_at=promised_at)
    says = {"process": process, "means": means, "promised_at": promised_at, "imported": False}
    return raise_event(case, "case.contacted", now, says)


def reply(case: Case, text: str, now: datetime, media: tuple[str, ...] = ()) -> tuple[Case, list[Fact]]:
    """The unit answers, with intake's ids of photos; the centre has yet to review it. Raises IllegalTransition."""
    case = replace(case, state=next_state(case.state, "reply"), reply=text, replied_at=now)
    return raise_event(case, "case.replied", now, {"text": text}, {"media": list(media)} if media else {})


def close(case: Case, outcome: str, now: datetime) -> tuple[Case, list[Fact]]:
    """The review passed. The unit is measured by the time of its reply (R50). Raises IllegalTransition."""
    case = replace(case, state=next_state(case.state, "close"), outcome=outcome, closed_at=now)
    return raise_event(case, "case.closed", now, {"outcome": outcome})


def send_back(case: Case, reason: str, now: datetime) -> tuple[Case, list[Fact]]:
    """The review failed: the unit goes on in the same round, its reply discarded. Raises IllegalTransition."""
    case = replace(case, state=next_state(case.state, "send_back"), reply=None, replied_at=None)
    return raise_event(case, "case.sent_back", now, {"reason": reason})


def release(case: Case) -> Case:
    """Nobody waits for this case's answer any more: it was given."""
    return replace(case, followers=())
