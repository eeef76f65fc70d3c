"""What notify knows of cases and units, folded again from what the others had told: no message, no letter, no event."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chassis.delivery.envelope import Message
from chassis.operating import sections
from chassis.operating.rebuild import Rebuilt, rebuild
from services.notify.commands.projection import PROJECTION
from services.notify.commands.proposing import propose_when_due
from tests.service.notify.desk import Desk
from tests.support.events import published
from tests.support.notify_story import DAY, Story, unit_changed

NUMBER = "XA20261124000123"
GRACE = 7200
TABLES = ("cases", "units", "posts")


def logs(told: Sequence[Message]) -> Iterator[str]:
    """What the producers' `export` would write of these events."""
    for producer in ("intake", "dispatch", "sla"):
        source = f"//lianxin/xinan/{producer}"
        own = [each for each in told if each.headers["cloudEvents:source"] == source]
        rows = [{"headers": dict(each.headers), "body": each.body.decode(), "whole": True} for each in own]
        yield from sections.written({"producer": producer, "source": source, "reader": "notify"}, rows)


def known(desk: Desk) -> list[Any]:
    return [desk.rows(table) for table in TABLES]


def done(desk: Desk) -> list[Any]:
    return [desk.rows("messages"), desk.rows("letters"), [row["event_id"] for row in published(desk.database)]]


def spoil(desk: Desk) -> None:
    for statement in ("delete from cases", "delete from units", "update posts set mobile = '13800000099'"):
        desk.set(statement)


def whole_life(began: datetime) -> list[Message]:
    """A case of every kind of event that notify reads, in the order it came in."""
    story = Story(NUMBER, began=began)
    return [
        unit_changed(duty="13800000007", head="13800000008", leader="13800000009"),
        story.submitted(),
        story.started(),
        story.dispatched(restricted=True),
        story.marked("yellow"),
        story.breached(),
        story.marked("red"),
        story.closed(at=began + timedelta(hours=23)),
        story.retracted(),
    ]


def test_every_kind_of_fact_is_folded_again_and_nothing_is_done_a_second_time(desk: Desk) -> None:
    told = whole_life(datetime.now(UTC) - DAY)
    for each in told:
        desk.hears(each)
    before, acted = known(desk), done(desk)
    spoil(desk)
    assert rebuild(desk.database, PROJECTION, "notify", logs(told)) == Rebuilt(keys=2, events=len(told))
    assert (known(desk), done(desk)) == (before, acted)


def test_a_message_whose_fact_comes_after_the_rebuild_is_planned_and_no_other(desk: Desk) -> None:
    story = Story(NUMBER)
    told = [story.started(), story.dispatched()]
    desk.hears(*told)
    spoil(desk)
    rebuild(desk.database, PROJECTION, "notify", logs(told))
    assert desk.messages() == {}
    desk.hears(story.submitted())
    assert desk.messages() == {"received": ["pending"], "promised": ["pending"]}
    desk.hears(story.closed())
    assert set(desk.messages()) == {"received", "promised", "closed"}


@pytest.mark.parametrize("proposed", [True, False])
def test_a_letter_that_is_due_and_missing_is_still_proposed_and_one_that_exists_is_not_again(
    desk: Desk, proposed: bool
) -> None:
    story = Story(NUMBER, began=datetime.now(UTC) - DAY - timedelta(seconds=GRACE - 600))
    told = [story.started(), story.breached(letter_after=GRACE)]
    desk.hears(*told)
    desk.set("update clock_offset set shift = interval '20 minutes'")
    if proposed:
        assert propose_when_due(desk.database)
    before = known(desk)
    spoil(desk)
    rebuild(desk.database, PROJECTION, "notify", logs(told))
    assert known(desk) == before
    assert propose_when_due(desk.database) != proposed
    assert desk.rows("letters", "state") == ["proposed"]
    assert len(desk.events("letter.proposed")) == 1


def test_a_letter_that_is_not_due_yet_comes_in_its_time(desk: Desk) -> None:
    story = Story(NUMBER, began=datetime.now(UTC) - DAY)
    told = [story.started(), story.breached(letter_after=GRACE)]
    desk.hears(*told)
    before = known(desk)
    spoil(desk)
    rebuild(desk.database, PROJECTION, "notify", logs(told))
    assert known(desk) == before
    assert not propose_when_due(desk.database)
    desk.set("update clock_offset set shift = interval '3 hours'")
    assert propose_when_due(desk.database)
