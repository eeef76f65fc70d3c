"""What the accountant does not ask, because it takes eyes inside the services: order, effects, time, agreement."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

from chassis.delivery.envelope import Event, source_of
from referee.evidence import Evidence, Logged
from referee.verdicts import DOUBLED, LOST, QUESTIONS, Finding
from services import SERVICES
from services.intake import commands as intake
from services.intake.domain.progress import VIEW
from services.notify.commands import cases as notify
from services.notify.domain import plan
from services.sla import commands as sla
from tests.simulation.ground import SUBSCRIPTIONS
from tests.simulation.town import Town

WRONG = "wrong"
SKEW = timedelta(seconds=3)  # between the clocks of two databases of a town, at most
ON_SLA = ("state", "unit", "unit_name", "complexity", "priority", "sensitive", "restricted", "dispatched_at", "contacted_at", "replied_at", "closed_at")  # fmt: skip


def judge(town: Town, evidence: Evidence) -> list[Finding]:
    """Every finding, the accountant's and ours."""
    found = [finding for question in QUESTIONS for finding in question(evidence)]
    return found + [finding for own in OWN for finding in own(town, evidence)]


def applied_once_and_in_order(town: Town, evidence: Evidence) -> Iterator[Finding]:
    """Each event changed each reader once, and those of one subject in their order."""
    for service in SERVICES:
        applied = town.databases[service].applied
        for (source, subject, place), times in Counter(applied).items():
            if times > 1:
                yield Finding(DOUBLED, f"{service} applied event {place} of {source} {times} times", subject)
        newest: dict[tuple[str, str], tuple[int, int]] = {}
        for source, subject, place in applied:
            if place < newest.get((source, subject), (0, 0)):
                yield Finding(WRONG, f"{service} applied event {place} of {source} after a later one", subject)
            newest[source, subject] = place


def every_event_applied(town: Town, evidence: Evidence) -> Iterator[Finding]:
    """Not only seen: every event a reader has a schema for was folded there."""
    for service in SERVICES:
        applied = set(town.databases[service].applied)
        for event in evidence.log:
            place = (source_of("xinan", event.service), event.subject, (event.epoch, event.seq))
            if (event.service, event.type) in SUBSCRIPTIONS[service].reads and place not in applied:
                yield Finding(LOST, f"{service} never applied {event.type} of {event.service}", event.subject)


def logged_in_order(town: Town, evidence: Evidence) -> Iterator[Finding]:
    """A producer's log holds the events of a subject in the order of their numbers."""
    newest: dict[tuple[str, str], int] = defaultdict(int)
    for event in evidence.log:
        if event.seq <= newest[event.service, event.subject]:
            yield Finding(WRONG, f"{event.service} published {event.type} #{event.seq} out of order", event.subject)
        newest[event.service, event.subject] = event.seq


def yellow_before_red(town: Town, evidence: Evidence) -> Iterator[Finding]:
    """A clock is started, then yellow, then red; and a red that was taken back was there."""
    told: dict[tuple[str, str, int], list[str]] = defaultdict(list)
    for event in evidence.log:
        if event.type.startswith("clock."):
            told[event.subject, event.data["kind"], event.data["gen"]].append(event.type.removeprefix("clock."))
    legal = ("started", "warned", "breached", "retracted", "met", "changed")
    for (subject, kind, _), turns in told.items():
        over = ("met" in turns) + ("changed" in turns)
        in_order = turns == [turn for turn in legal if turn in turns]
        if not in_order or over > 1 or ("breached" in turns) > ("warned" in turns):
            yield Finding(WRONG, f"the clock {kind} told {' '.join(turns)}", subject)


def never_early(town: Town, evidence: Evidence) -> Iterator[Finding]:
    """No yellow and no red before its time. To the instant it is asked at the claim (watch.py); here a fact of
    another service may prove it, by a clock that runs a little ahead of sla's."""
    for event in evidence.log:
        due = {"clock.breached": "due", "clock.warned": "warn_at"}.get(event.type)
        if due and event.time < max(_moment(event, due), _moment(event, "at")) - SKEW:
            yield Finding(WRONG, f"{event.type} of {event.data['kind']} came early", event.subject)


def no_alert_stands_after_the_end(town: Town, evidence: Evidence) -> Iterator[Finding]:
    """What was closed in time has no breach, or one that was taken back; and all that is breached is told."""
    told: dict[tuple[str, str, int], dict[str, Logged]] = defaultdict(dict)
    for event in evidence.log:
        if event.type.startswith("clock."):
            told[event.subject, event.data["kind"], event.data["gen"]][event.type] = event
    for (number, kind, gen), turns in told.items():
        met, stands = turns.get("clock.met"), "clock.breached" in turns and "clock.retracted" not in turns
        if met is not None and stands is (_moment(met, "met_at") <= _moment(met, "due")):
            yield Finding(WRONG, f"the clock {kind} {gen} met at {met.data['met_at']} told {sorted(turns)}", number)
    for event in evidence.log:
        if event.type == "case.reopened" and (event.subject, "close", event.data["round"]) not in told:
            yield Finding(LOST, f"round {event.data['round']} of a case has no promise", event.subject)
    for number, row in town.databases["sla"].tables["cases"].items():
        if row["closed_at"] is not None and row["mark"] != "green":
            yield Finding(WRONG, f"a closed case is marked {row['mark']}", number)
        if row["state"] in ("withdrawn", "merged") and row["closed_at"] is None and row["mark"] != "none":
            yield Finding(WRONG, f"a case that is {row['state']} is marked {row['mark']}", number)
    for clock in town.databases["sla"].tables["clocks"].values():
        if clock["status"] == "stopped" and clock["next_at"] is not None:
            yield Finding(WRONG, f"a stopped clock {clock['kind']} would still fire", clock["number"])


def nothing_forbidden_was_seen(town: Town, evidence: Evidence) -> Iterator[Finding]:
    """What was wrong only for a moment: found while it happened (see watch.py)."""
    for service, what, subject in town.violations:
        yield Finding(WRONG, f"{service} {what}", subject)


def numbers_are_given_in_order(town: Town, evidence: Evidence) -> Iterator[Finding]:
    """The series of letter numbers stands where its newest letter stands."""
    given = [letter.number for letter in evidence.letters if letter.number]
    last = sum(row["last"] for row in town.databases["notify"].tables["letter_numbers"].values())
    if last != len(given):
        yield Finding(LOST, f"the series stands at {last} for {len(given)} letters", "letters")


def messages_say_what_is_true(town: Town, evidence: Evidence) -> Iterator[Finding]:
    """`message.delivered` and `message.failed`: one event for each that was sent or given up, none for others."""
    told = {e.subject: e.type for e in evidence.log if e.type.startswith("message.")}
    expected = {"sent": "message.delivered", "failed": "message.failed"}
    for message in evidence.messages:
        if told.get(message.id) != expected.get(message.state):
            yield Finding(WRONG, f"a message that is {message.state} told {told.get(message.id)}", message.case)


def empty_at_rest(town: Town, evidence: Evidence) -> Iterator[Finding]:
    """Nothing is left on the way: no message in a queue, no claim without an ending."""
    for service, queue in town.queues.items():
        if queue.ready or queue.unacked:
            yield Finding(LOST, f"{len(queue.ready) + len(queue.unacked)} messages are left in the queue", service)
    for row in town.databases["notify"].tables["sms"].values():
        if row["state"] == "claimed":
            yield Finding(LOST, "an SMS is claimed for ever", row["id"])


def views_agree(town: Town, evidence: Evidence) -> Iterator[Finding]:
    """Every service's view of a case is its owner's."""
    intake, dispatch, sla = (town.databases[service].tables for service in ("intake", "dispatch", "sla"))
    for number, owner in intake["cases"].items():
        watched, handled = sla["cases"].get(number, {}), dispatch["cases"].get(number)
        for name in ("submitted_at", "accepted_at", "refused_at", "withdrawn_at"):
            if watched.get(name) != owner[name]:
                yield Finding(WRONG, f"sla and intake disagree on {name}", number)
        if handled is None:
            continue
        if handled["accepted_at"] != owner["accepted_at"] or (owner["state"] == "refused") != (
            handled["state"] == "refused"
        ):
            yield Finding(WRONG, "dispatch and intake disagree on the acceptance", number)
        if handled["version"]:
            yield from _same_handling(number, handled, watched, intake["progress"].get(number))
        if _added(intake, number) != _added(dispatch, number):
            yield Finding(WRONG, "dispatch and intake disagree on what the resident added", number)


def _added(tables: Any, number: str) -> list[tuple[str, str]]:
    rows = [row for row in tables["supplements"].values() if row["number"] == number]
    return sorted((row["at"], row["text"]) for row in rows)


def _same_handling(number: str, handled: Any, watched: Any, progress: Any) -> Iterator[Finding]:
    for name in ON_SLA:
        if name != "state" and watched.get(name) != handled.get(name):
            yield Finding(WRONG, f"sla and dispatch disagree on {name}", number)
    shown = (progress or {}).get("handling")
    told = handled["state"] not in ("submitted", "refused", "waiting")
    if (shown is None) is told:
        yield Finding(WRONG, "the resident is shown another stage than dispatch's", number)
    for name in VIEW if shown else ():
        if shown[name] != _written(handled.get(name)):
            yield Finding(WRONG, f"the resident is shown another {name} than dispatch's", number)


def _written(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def interleaving_does_not_matter(town: Town, evidence: Evidence) -> Iterator[Finding]:
    """Told in another order of the sources, a service would know the same and plan the same."""
    rng = Random(town.seed)
    service = rng.choice(sorted(FACTS))  # one of them for each seed: it costs as much as the seed itself
    heard: dict[str, list[Logged]] = defaultdict(list)
    for event in evidence.log:
        if (event.service, event.type) in PLAIN[service].reads and event.type != "unit.changed":
            heard[event.subject].append(event)
    for number, events in heard.items():
        first, second = (FACTS[service](_told(service, events, rng)) for _ in range(2))
        if first != second:
            yield Finding(WRONG, f"the order of the sources matters to {service}", number)


def _told(service: str, events: list[Logged], rng: Random) -> Any:
    """What the service knows after hearing the sources mixed at random, each in its own order."""
    waiting = defaultdict(list)
    for event in events:
        waiting[event.service].append(event)
    value = None
    while waiting:
        source = rng.choice(sorted(waiting))
        told = waiting[source].pop(0)
        if not waiting[source]:
            del waiting[source]
        event = Event(
            "", source_of("xinan", source), told.type, told.subject, told.seq, 1, told.time, told.subject, told.data
        )
        understood = PLAIN[service].understood(event)
        assert understood is not None
        value, _ = PLAIN[service].fold(value, understood, told.time)
    return value


def _facts_of_notify(file: Any) -> Any:
    case = file.case
    parts = (case.closings, case.clocks, case.stops, case.marks, case.breaches)
    messages = {(each.event, each.recipient, each.template) for each in plan.messages(case)}
    return case.submission, case.withdrawal, *map(frozenset, parts), case.restricted_by, messages


def _facts_of_sla(case: Any) -> Any:
    clocks = {
        kind: (clock.gen, clock.due, clock.status, clock.met_at, clock.stopped_at)
        for kind, clock in case.clocks.items()
    }
    return case.intake, case.dispatch, case.mark, case.reason, clocks


def _moment(event: Logged, name: str) -> datetime:
    return datetime.fromisoformat(event.data[name])


OWN: tuple[Callable[[Town, Evidence], Iterator[Finding]], ...] = (
    applied_once_and_in_order,
    every_event_applied,
    logged_in_order,
    yellow_before_red,
    never_early,
    no_alert_stands_after_the_end,
    nothing_forbidden_was_seen,
    numbers_are_given_in_order,
    messages_say_what_is_true,
    empty_at_rest,
    views_agree,
    interleaving_does_not_matter,
)
PLAIN: dict[str, Any] = {"intake": intake.SUBSCRIPTION, "sla": sla.SUBSCRIPTION, "notify": notify.SUBSCRIPTION}
FACTS: dict[str, Callable[[Any], Any]] = {"intake": repr, "sla": _facts_of_sla, "notify": _facts_of_notify}
