"""Every interleaving of the sources plans the same messages and letters; the fold is pure, so it is tested as it is."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.delivery.envelope import Event, Message, decode
from services.notify.commands import SUBSCRIPTION
from services.notify.commands.case_files import CaseFile
from services.notify.commands.cases import fold
from services.notify.domain import plan
from services.notify.domain.letter import Letter
from services.notify.domain.message import Message as Planned
from services.notify.domain.message import why_skip
from tests.support.notify_story import DAY, Story

BEGAN = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
NOW = BEGAN + DAY * 2
NUMBER = "XA20261120000001"


def event(message: Message) -> Event:
    understood = SUBSCRIPTION.understood(decode(message.headers, message.body))
    assert understood is not None
    return understood


def told(messages: Sequence[Message], now: datetime = NOW) -> tuple[CaseFile, list[dict[str, Any]]]:
    """The file after these messages, and what was published."""
    file, published = None, []
    for message in messages:
        value, drafts = fold(file, event(message), now)
        assert isinstance(value, CaseFile)
        file = value
        published += [json.loads(draft.body()) | {"type": draft.type, "seq": draft.seq} for draft in drafts]
    assert file is not None
    return file, published


def templates(messages: Sequence[Message], now: datetime = NOW) -> list[str]:
    return sorted(planned.template for planned in told(messages, now)[0].planned)


def letter(messages: Sequence[Message], now: datetime = NOW) -> Letter | None:
    return told(messages, now)[0].letters.get(("close", 1))


def verdicts(messages: Sequence[Message], now: datetime) -> dict[str, str | None]:
    """Why each planned message would not be sent at `now`."""
    file, _ = told(messages, now)
    return {f"{each.template} {each.recipient}": why_skip(each, file.case, None, now) for each in file.planned}


def promises(messages: Sequence[Message]) -> list[str | None]:
    """Why the promise of each pass, in order, would not be sent right away."""
    file, _ = told(messages, BEGAN)
    planned = sorted(
        (each for each in file.planned if each.template in ("promised", "reopened")), key=lambda each: each.seq
    )
    return [why_skip(each, file.case, None, BEGAN) for each in planned]


def whole_story() -> dict[str, list[Message]]:
    """A case with everything in it, source by source."""
    story = Story(NUMBER, began=BEGAN)
    return {
        "intake": [story.submitted(at=BEGAN), story.withdrawn("intake", at=BEGAN + DAY * 1.9)],
        "dispatch": [story.dispatched(), story.closed(at=BEGAN + DAY * 1.5)],
        "sla": [
            story.marked("yellow", at=BEGAN, reason="risk"),
            story.started("contact"),
            story.started("close"),
            story.marked("yellow", at=BEGAN + DAY * 0.75),
            story.breached(),
            story.marked("red", at=BEGAN + DAY),
            story.retracted(),
            story.started("close", gen=2, limit=DAY * 3),
            story.breached(gen=2, limit=DAY * 3, letter_after=3600),
            story.breached(gen=3, limit=DAY * 1.2),
            story.stopped(BEGAN + DAY * 1.9, gen=3),
        ],
    }


def outcome(messages: Sequence[Message]) -> tuple[Any, ...]:
    """What must not depend on the order: facts, messages, letters, and the verdict on each message."""
    file, _ = told(messages, NOW + DAY * 3)
    planned = {each.id: each for each in file.planned}
    judged = {id_: why_skip(each, file.case, None, NOW) for id_, each in planned.items()}
    # Whether a letter was never proposed or voided again is the order's; whether it stands is not.
    standing = {key: (each.unit, each.due) for key, each in file.letters.items() if each.state != "voided"}
    comparable = {
        id_: (each.template, each.recipient, dict(each.params), each.useful_until) for id_, each in planned.items()
    }
    return (sorted(map(str, file.case.marks)), comparable, judged, standing)


BASE = whole_story()


@settings(max_examples=150, deadline=None)
@given(order=st.permutations([name for name, messages in BASE.items() for _ in messages]))
def test_every_interleaving_gives_the_same(order: list[str]) -> None:
    sources = {name: list(messages) for name, messages in BASE.items()}
    messages = [sources[name].pop(0) for name in order]
    assert outcome(messages) == outcome([message for each in BASE.values() for message in each])


def test_a_plan_made_twice_adds_nothing() -> None:
    file, _ = told([message for each in BASE.values() for message in each])
    assert plan.added(file.case, file.case) == ()
    assert len({each.id for each in file.planned}) == len(file.planned)


def test_a_promise_waits_until_it_is_known_who_wrote() -> None:
    story = Story(NUMBER, began=BEGAN)
    started = story.started()
    assert templates([started]) == []
    assert templates([started, story.submitted(at=BEGAN)]) == ["promised", "received"]


def test_a_new_gen_is_a_new_promise() -> None:
    story = Story(NUMBER, began=BEGAN)
    heard = [story.submitted(at=BEGAN), story.started(), story.started(gen=2, limit=DAY * 3)]
    assert templates(heard) == ["promised", "promised", "received"]


def test_other_clocks_promise_nothing() -> None:
    story = Story(NUMBER, began=BEGAN)
    assert templates([story.submitted(at=BEGAN), story.started("accept"), story.started("contact")]) == ["received"]


def test_an_imported_case_reopened_after_the_import_is_promised_anew() -> None:
    before = Story(NUMBER, began=BEGAN)
    submitted = before.submitted(imported=True, at=BEGAN + DAY)
    assert templates([submitted, before.started()]) == []
    after = Story(NUMBER, began=BEGAN + DAY * 2)
    assert templates([submitted, after.started(gen=2)]) == ["reopened"]


def test_a_case_merged_before_it_was_sent_out_and_reopened_is_told_its_promise() -> None:
    story = Story(NUMBER, began=BEGAN)
    heard = [story.submitted(at=BEGAN), story.closed(at=BEGAN), story.started(gen=2)]
    assert verdicts(heard, BEGAN) == {
        "received resident": None,
        "closed resident": "superseded",
        "reopened resident": None,
    }


def test_yellow_names_the_limit_that_is_running_out() -> None:
    story = Story(NUMBER, began=BEGAN)
    contact, close = story.started("contact", limit=DAY), story.started("close", limit=DAY * 3)
    file, _ = told([contact, close, story.marked("yellow", at=BEGAN + DAY * 0.75)])
    assert file.planned[0].params["limit"] == "联系"
    file, _ = told([contact, close, story.marked("yellow", at=BEGAN + DAY * 2.25)])
    assert file.planned[0].params["limit"] == "办结"


def test_of_two_limits_that_run_out_together_closing_is_named() -> None:
    story = Story(NUMBER, began=BEGAN)
    file, _ = told([story.started("close"), story.started("contact"), story.marked("yellow", at=BEGAN + DAY * 0.75)])
    assert file.planned[0].params["limit"] == "办结"


def test_yellow_ends_with_the_limit_it_warns_of() -> None:
    story = Story(NUMBER, began=BEGAN)
    heard = [story.started(), story.marked("yellow", at=BEGAN + DAY * 0.75)]
    assert verdicts(heard, BEGAN + DAY * 0.9) == {"yellow C07/duty": None}
    assert verdicts(heard, BEGAN + DAY) == {"yellow C07/duty": "stale"}


def test_yellow_by_risk_is_useful_until_the_mark_changes() -> None:
    story = Story(NUMBER, began=BEGAN)
    yellow = story.marked("yellow", at=BEGAN, reason="risk")
    assert verdicts([yellow], BEGAN + DAY * 30) == {"yellow C07/duty": None}
    red = story.marked("red", at=BEGAN + DAY)
    assert verdicts([yellow, red], BEGAN + DAY)["yellow C07/duty"] == "superseded"


def test_red_is_told_although_the_mark_fell_again() -> None:
    story = Story(NUMBER, began=BEGAN)
    heard = [story.started("contact"), story.marked("red", at=BEGAN + DAY), story.marked("none", at=BEGAN + DAY)]
    assert verdicts(heard, BEGAN + DAY) == {"red C07/head": None, "red C07/leader": None}


def test_the_closing_of_an_earlier_pass_supersedes_nothing() -> None:
    story = Story(NUMBER, began=BEGAN)
    heard = [story.submitted(at=BEGAN), story.started(), story.closed(at=BEGAN + DAY)]
    story.began = BEGAN + DAY * 2
    heard.append(story.started(gen=2))
    first, again = promises(heard)
    assert (first, again) == ("superseded", None)


def test_a_reopened_case_tells_its_new_promise_and_no_older_ending() -> None:
    story = Story(NUMBER, began=BEGAN)
    heard = [story.submitted(at=BEGAN), story.started(), story.closed(at=BEGAN)]
    story.began = BEGAN + timedelta(hours=1)
    heard.append(story.started(gen=2))
    assert verdicts(heard, BEGAN) == {
        "received resident": None,
        "promised resident": "superseded",
        "closed resident": "superseded",
        "reopened resident": None,
    }
    heard.append(story.closed(at=BEGAN + timedelta(hours=2)))
    assert verdicts(heard, BEGAN)["reopened resident"] == "superseded"
    file, _ = told(heard, BEGAN)
    closings = sorted((each for each in file.planned if each.template == "closed"), key=lambda each: each.seq)
    assert [why_skip(each, file.case, None, BEGAN) for each in closings] == ["superseded", None]


@pytest.mark.parametrize("by", ["intake", "dispatch"])
def test_of_a_withdrawn_case_the_resident_is_told_that_alone(by: str) -> None:
    story = Story(NUMBER, began=BEGAN)
    heard = [story.submitted(at=BEGAN), story.started(), story.withdrawn(by, at=BEGAN)]
    assert verdicts(heard, BEGAN) == {
        "received resident": "superseded",
        "promised resident": "superseded",
        "withdrawn resident": None,
    }
    assert verdicts(heard, BEGAN + DAY)["withdrawn resident"] == "stale"


def test_an_anonymous_writer_is_not_told_of_the_withdrawal() -> None:
    story = Story(NUMBER, began=BEGAN)
    assert templates([story.submitted(identity="anonymous", at=BEGAN), story.withdrawn("intake", at=BEGAN)]) == []


def test_a_unit_is_not_called_to_a_case_whose_clocks_were_stopped() -> None:
    story = Story(NUMBER, began=BEGAN)
    red = [story.started(), story.marked("red", at=BEGAN + DAY), story.stopped(BEGAN + DAY)]
    assert set(verdicts(red, BEGAN + DAY).values()) == {"superseded"}


def test_the_resident_of_a_merged_case_keeps_the_promise_and_hears_of_the_closing() -> None:
    story = Story(NUMBER, began=BEGAN)
    merged = [story.submitted(at=BEGAN), story.started(), story.stopped(BEGAN)]
    assert verdicts(merged, BEGAN)["promised resident"] is None
    assert templates([*merged, story.closed(at=BEGAN)]) == ["closed", "promised", "received"]


def test_a_clock_changed_otherwise_than_stopped_silences_nobody() -> None:
    story = Story(NUMBER, began=BEGAN)
    changed = story._event(
        "sla", "clock.changed", BEGAN, story._clock("close", 1, DAY) | {"status": "armed", "at": BEGAN.isoformat()}
    )
    assert told([story.started(), changed])[0].case.stops == ()


def test_each_gen_has_its_own_letter_and_the_first_stays() -> None:
    story = Story(NUMBER, began=BEGAN)
    heard = [story.breached(), story.closed(at=BEGAN + DAY * 1.1)]
    story.began = BEGAN + DAY * 1.2
    heard += [story.started(gen=2), story.breached(gen=2)]
    letters = told(heard, NOW + DAY)[0].letters
    assert {key: each.state for key, each in letters.items()} == {("close", 1): "proposed", ("close", 2): "proposed"}


def test_a_case_stopped_within_the_grace_gets_no_letter_and_one_stopped_later_keeps_it() -> None:
    story = Story(NUMBER, began=BEGAN)
    breached = story.breached(letter_after=3600)
    within, later = (story.stopped(BEGAN + DAY + timedelta(minutes=minutes)) for minutes in (59, 61))
    assert letter([breached, within]) is None or letter([breached, within]).state == "voided"  # type: ignore[union-attr]
    assert letter([within, breached]) is None
    kept = letter([breached, later])
    assert kept is not None and kept.state == "proposed"


def test_a_closing_supersedes_the_promise_although_the_clock_was_set_back_between() -> None:
    story = Story(NUMBER, began=BEGAN + DAY)
    heard = [story.submitted(at=BEGAN), story.started(), story.closed(at=BEGAN)]
    assert promises(heard) == ["superseded"]


def test_a_breach_of_the_closing_limit_proposes_one_letter() -> None:
    story = Story(NUMBER, began=BEGAN)
    _, published = told([story.breached()])
    assert [(each["type"], each["seq"], each["state"]) for each in published] == [("letter.proposed", 1, "proposed")]
    assert published[0]["breach"]["gen"] == 1


def test_other_limits_and_silent_breaches_propose_none() -> None:
    story = Story(NUMBER, began=BEGAN)
    assert told([story.breached(kind="contact"), story.breached(silent=True)])[0].letters == {}


def test_a_late_close_takes_no_letter_back() -> None:
    story = Story(NUMBER, began=BEGAN)
    closed, breached = story.closed(at=BEGAN + DAY * 1.1), story.breached()
    for heard in ([closed, breached], [breached, closed]):
        found = letter(heard)
        assert found is not None and found.state == "proposed"


def test_a_retraction_voids_an_unsigned_letter() -> None:
    story = Story(NUMBER, began=BEGAN)
    _, published = told([story.breached(), story.retracted()])
    assert [(each["type"], each["seq"]) for each in published] == [("letter.proposed", 1), ("letter.voided", 2)]
    assert (published[1]["cause"], published[1]["reason"]) == ("retracted", None)


def test_a_letter_with_a_grace_waits_for_it() -> None:
    story = Story(NUMBER, began=BEGAN)
    breached = story.breached(letter_after=3600)
    assert letter([breached], BEGAN + DAY) is None
    file, _ = told([breached], BEGAN + DAY)
    assert plan.next_letter(file.case, BEGAN + DAY) == BEGAN + DAY + timedelta(hours=1)
    assert letter([breached], BEGAN + DAY + timedelta(hours=1)) is not None


def test_a_close_within_the_grace_spares_the_letter() -> None:
    story = Story(NUMBER, began=BEGAN)
    closed, breached = story.closed(at=BEGAN + DAY + timedelta(minutes=59)), story.breached(letter_after=3600)
    assert letter([closed, breached]) is None
    voided = letter([breached, closed])
    assert voided is not None and voided.state == "voided"


def test_what_is_restricted_anywhere_is_published_as_restricted() -> None:
    story = Story(NUMBER, began=BEGAN)
    file, _ = told([story.dispatched(restricted=True), story.breached()])
    assert file.letters["close", 1].restricted


def test_a_planned_message_keeps_no_telephone() -> None:
    file, _ = told([message for each in BASE.values() for message in each])
    assert isinstance(file.planned[0], Planned)
    assert not any("1380" in str(each) for each in file.planned)
