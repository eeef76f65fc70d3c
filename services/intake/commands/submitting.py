"""A letter comes in: limited by address, numbered, searched for words of danger, stored and published."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from chassis import clock
from chassis.delivery import outbox
from services.intake import events, store
from services.intake.commands import identities, queries
from services.intake.commands.context import Context
from services.intake.domain import case as cases
from services.intake.domain import emergency, query_code
from services.intake.domain.case import ACCEPT_WITHIN, AcceptedBy, Case, Change, State
from services.intake.domain.emergency import Alarm
from services.intake.domain.identity import Writer
from services.intake.domain.numbering import day_of, first_of
from services.intake.domain.rate_limit import seconds_to_wait
from services.intake.domain.submission import Submission
from services.intake.errors import ChallengeNeeded, TooManyLetters, UnknownCommunity

SAME_TELEPHONE_WITHIN, SAME_TELEPHONE_MOST = timedelta(days=7), 10


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the resident takes away; `promised_accept_by` in UTC (R20)."""

    number: str
    query_code: str
    state: State
    emergency: Alarm | None
    promised_accept_by: datetime


def submit(
    tx: Connection, context: Context, submission: Submission, address: str | None, proved: bool = False
) -> Receipt:
    """Takes a letter in. Without an address it is not limited; `proved`: the sender has done a proof of work for it.

    Raises UnknownCommunity, TooManyLetters, ChallengeNeeded, NumbersExhausted, NumbersUnsafe.
    """
    statement = submission.statement
    if statement.community and statement.community not in context.settings.community_codes:
        raise UnknownCommunity("community")
    now = clock.now(tx)
    if address and context.settings.limit_submissions:
        _check_rate(tx, context, address, now, proved)
    number = context.numbers.next(day_of(now))
    alarm = emergency.find(statement.description, context.settings.emergency_rules)
    related = _same_telephone(tx, context, submission.mobile, now)
    change = cases.submit(statement, number, now, alarm, same_telephone=related)
    case, raised = _accepted_by_rule(context, change, now)
    writer = Writer(submission.name, submission.mobile, query_code.new())
    store.add(tx, [(case, context.secrecy.seal(number, writer), None)])
    outbox.put(tx, events.drafts(raised, writer.name))
    return _receipt(case, writer)


def receipt(tx: Connection, context: Context, number: str) -> Receipt:
    """The receipt once more, for a request that was repeated. Raises CaseNotFound."""
    return _receipt(queries.case(tx, number), identities.writer(tx, context, number))


def _accepted_by_rule(context: Context, submitted: Change, now: datetime) -> Change:
    case, raised = submitted
    if not (context.settings.accept_automatically and cases.may_accept_automatically(case)):
        return submitted
    accepted, more = cases.accept(case, AcceptedBy.RULE, now)
    return accepted, raised + more


def _same_telephone(tx: Connection, context: Context, mobile: str | None, now: datetime) -> Sequence[str]:
    if mobile is None:
        return []
    since = now - SAME_TELEPHONE_WITHIN
    first = first_of(context.settings.number_prefix, day_of(since))
    return store.same_telephone(tx, context.secrecy.hash("mobile", mobile), first, since, SAME_TELEPHONE_MOST)


def _check_rate(tx: Connection, context: Context, address: str, now: datetime, proved: bool) -> None:
    allowed = context.settings.submissions
    tally = store.count_try(tx, context.secrecy.hash("letters", address), allowed, now)
    if tally.count > allowed.most:
        raise TooManyLetters(retry_after=seconds_to_wait(allowed, tally, now))
    unquestioned = replace(allowed, most=context.settings.submissions_unquestioned)
    if not proved and tally.count > unquestioned.most:
        raise ChallengeNeeded(retry_after=seconds_to_wait(unquestioned, tally, now))


def _receipt(case: Case, writer: Writer) -> Receipt:
    return Receipt(case.number, writer.query_code, case.state, case.alarm, case.submitted_at + ACCEPT_WITHIN)
