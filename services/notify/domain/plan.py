"""The messages and letters that should exist, given what is known of a case: the same for every interleaving.

A message is planned once every fact it needs is known. Messages to the resident wait for intake's facts, since only
they say whether there is anybody to notify. Planned messages are never withdrawn here: whether they are still true is
checked at the moment of sending.
"""

from collections.abc import Collection, Iterator
from datetime import datetime

from services.notify.domain.case import Breach, Case, Mark, nearest_before
from services.notify.domain.message import Message
from services.notify.domain.template import LIMITS, RESIDENT, TEMPLATES

POSTS_BY_MARK = {"yellow": ("duty",), "red": ("head", "leader")}
"""Which posts of the unit get a message about which mark."""


def messages(case: Case) -> tuple[Message, ...]:
    """Every message that `case` calls for."""
    return (*_to_resident(case), *_to_unit(case))


def added(before: Case | None, after: Case) -> tuple[Message, ...]:
    """The messages that `after` calls for and `before` did not."""
    known = {message.id for message in messages(before)} if before else frozenset[str]()
    return tuple(message for message in messages(after) if message.id not in known)


def _to_resident(case: Case) -> Iterator[Message]:
    submission = case.submission
    if submission is None or submission.identity == "anonymous":
        return
    if not submission.imported:
        yield _message(case, "received", "case.submitted", submission.seq, submission.recorded_at)
    for clock in case.clocks:
        before_import = submission.imported and clock.started_at <= submission.recorded_at
        if clock.kind == "close" and not before_import:
            params = {"unit_name": clock.unit_name, "due": clock.due.isoformat()}
            template = "promised" if case.passes_by(clock.seq) == 1 else "reopened"
            yield _message(case, template, "clock.started", clock.seq, clock.recorded_at, params=params)
    for closing in case.closings:
        yield _message(case, "closed", "case.closed", closing.seq, closing.recorded_at)
    if case.withdrawal is not None:
        yield _message(case, "withdrawn", "case.withdrawn", case.withdrawal.seq, case.withdrawal.recorded_at)


def _to_unit(case: Case) -> Iterator[Message]:
    for mark in case.marks:
        posts = () if mark.silent else POSTS_BY_MARK.get(mark.mark, ())
        for post in posts:
            yield _about_mark(case, mark, f"{mark.unit}/{post}")


def _about_mark(case: Case, mark: Mark, recipient: str) -> Message:
    earlier = [clock for clock in case.clocks if clock.seq < mark.seq]
    by_time = mark.reason in ("time", "both")
    clock = (
        nearest_before(earlier, mark.recorded_at, "warn_at" if mark.mark == "yellow" else "due") if by_time else None
    )
    return _message(
        case,
        mark.mark,
        "case.marked",
        mark.seq,
        mark.recorded_at,
        recipient=recipient,
        params={"limit": LIMITS[clock.kind], "due": clock.due.isoformat()} if clock else {},
        until=clock.due if clock and mark.mark == "yellow" else None,
    )


def _message(
    case: Case,
    template: str,
    cause: str,
    seq: int,
    recorded_at: datetime,
    *,
    recipient: str = RESIDENT,
    params: dict[str, str] | None = None,
    until: datetime | None = None,
) -> Message:
    useful_for = TEMPLATES[template].useful_for
    return Message(
        case=case.number,
        event=f"{cause}/{seq}",
        seq=seq,
        template=template,
        audience=TEMPLATES[template].audience,
        recipient=recipient,
        params=params or {},
        recorded_at=recorded_at,
        useful_until=until or (recorded_at + useful_for if useful_for else None),
    )


def about_letter(case: Case, letter_id: str, unit: str, letter_number: str, issued_at: datetime, seq: int) -> Message:
    """The message to the unit's head that a warning letter is waiting to be acknowledged."""
    return _message(
        case,
        "letter",
        "letter.issued",
        seq,
        issued_at,
        recipient=f"{unit}/head",
        params={"letter": letter_id, "letter_number": letter_number},
    )


def wants_letter(case: Case, breach: Breach) -> bool:
    """True if `breach` calls for a warning letter: of kind close, not silent, not retracted, and still open at the end
    of the grace period (`letter_after`).

    Without a grace period a late close stays late: closing or withdrawing the case changes nothing.
    """
    if breach.kind != "close" or breach.silent or breach.retracted:
        return False
    stopped = (stop.at for stop in case.stops if (stop.kind, stop.gen) == (breach.kind, breach.gen))
    ended = (*(closing.at for closing in case.closings), *stopped)
    within_grace = any(breach.started_at <= at <= breach.letter_due for at in ended)
    return not (breach.letter_after and within_grace)


def letters_due(case: Case, now: datetime) -> tuple[Breach, ...]:
    """The breaches for which a letter should have been proposed by `now`."""
    return tuple(
        breach
        for breach in case.breaches
        if wants_letter(case, breach) and (not breach.letter_after or breach.letter_due <= now)
    )


def next_letter(case: Case, now: datetime, proposed: Collection[tuple[str, int]] | None = None) -> datetime | None:
    """When `case` must next be checked for a letter that becomes due; None if never.

    If `proposed` names the letters that exist, by (kind, gen), a missing one that is already due counts as well.
    """
    waiting = [breach for breach in case.breaches if wants_letter(case, breach) and breach.letter_after]
    missing = [each for each in waiting if proposed is not None and (each.kind, each.gen) not in proposed]
    return min((each.letter_due for each in waiting if each.letter_due > now or each in missing), default=None)
