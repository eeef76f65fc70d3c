"""What is thought of the facts of a service, and how it is shown."""

from pathlib import Path
from typing import Any

import pytest

from chassis.operating.table import seconds, table
from chassis.operating.verdicts import Line, lines, screen, worst
from services.dispatch.operating.verdicts import judge as judge_dispatch
from services.notify.operating.verdicts import judge as judge_notify
from services.sla.operating.verdicts import judge as judge_sla

ROOT = Path(__file__).parents[3]
QUEUE = {"name": "sla.inbox", "answer": "ok", "ready": 0, "readers": 1}
WELL: dict[str, Any] = {
    "database": "answers",
    "outbox": {"rows": 0, "oldest_seconds": 0.0, "held": 0},
    "halted": [],
    "queue": QUEUE,
    "aside": {"waiting": 0, "parked": 0, "parked_subjects": 0, "behind_parked": 0},
}

NEVER = {"inbox_lag_seconds": 1.7e9, "due": 2, "late_seconds": 90.0, "armed": 4}


def verdicts(facts: dict[str, Any]) -> dict[str, str]:
    return {line.what: line.verdict for line in lines(facts) if line.verdict != "ok"}


def test_a_service_that_is_well_has_nothing_but_ok() -> None:
    assert verdicts(WELL) == {}
    assert all(line.runbook == "" for line in lines(WELL))


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({"outbox": {"rows": 3, "oldest_seconds": 30.0, "held": 0}}, {"outbox": "look"}),
        ({"outbox": {"rows": 3, "oldest_seconds": 300.0, "held": 1}}, {"outbox": "act", "held": "act"}),
        ({"halted": ["sla.inbox"]}, {"halted": "act"}),
        ({"queue": QUEUE | {"answer": "broker away", "ready": None}}, {"queue": "act"}),
        ({"queue": QUEUE | {"answer": "queue missing", "ready": None}}, {"queue": "act"}),
        ({"queue": QUEUE | {"answer": "not asked", "ready": None}}, {"queue": "look"}),
        ({"queue": QUEUE | {"ready": 5, "readers": 0}}, {"queue": "act"}),
        ({"queue": QUEUE | {"ready": 1_001}}, {"queue": "look"}),
        ({"aside": WELL["aside"] | {"waiting": 1}}, {"aside": "look"}),
        ({"aside": WELL["aside"] | {"parked_subjects": 1, "behind_parked": 3}}, {"parked": "act"}),
    ],
)
def test_what_is_not_well_is_named_with_its_runbook(facts: dict[str, Any], found: dict[str, str]) -> None:
    assert verdicts(WELL | facts) == found
    assert all((ROOT / line.runbook).is_file() for line in lines(WELL | facts) if line.verdict != "ok")


def test_a_database_that_is_away_is_a_line_and_the_broker_is_still_asked() -> None:
    away = {"database": "away", "outbox": None, "halted": None, "aside": None, "queue": QUEUE}
    assert [(line.what, line.verdict) for line in lines(away)] == [("database", "act"), ("queue", "ok")]


def test_clocks_that_are_late_need_a_look_and_then_a_person() -> None:
    assert all((ROOT / line.runbook).is_file() for line in judge_sla(NEVER) if line.verdict != "ok")
    well = {"inbox_lag_seconds": 0.2, "due": 0, "late_seconds": 0.0, "armed": 4}
    assert {line.verdict for line in judge_sla(well)} == {"ok"}
    late = {line.what: line.verdict for line in judge_sla(well | {"due": 2, "late_seconds": 90.0})}
    assert late == {"inbox lag": "ok", "late clocks": "act", "armed clocks": "ok"}
    never = judge_sla(NEVER)[0]
    assert (never.says, never.verdict) == ("never caught up", "act")


def test_messages_and_letters_that_nobody_can_mend_from_here_are_only_told() -> None:
    facts = {
        "messages": {"pending": 7},
        "letters": {"proposed": 2, "signed": 1, "issued": 3},
        "oldest_due_seconds": 0.0,
        "oldest_signed_seconds": 90.0,
    }
    assert [(line.what, line.verdict) for line in judge_notify(facts)] == [
        ("unsent messages", "ok"),
        ("held messages", "ok"),
        ("unprinted letters", "look"),
        ("letters", "ok"),
    ]
    bad = facts | {"messages": {"held": 1}, "oldest_due_seconds": 700.0}
    assert [(ROOT / line.runbook).is_file() for line in judge_notify(bad) if line.verdict != "ok"] == [True] * 3


def test_dispatch_without_its_organisation_needs_a_person() -> None:
    facts = {"organisation": "not loaded", "duties": "2026-1", "directory": "2026-1", "cases": {}}
    lines = judge_dispatch(facts)
    assert [line.verdict for line in lines] == ["act", "ok", "ok", "ok"]
    assert (ROOT / lines[0].runbook).is_file()


def test_the_screen_says_each_verdict_in_a_word_and_a_shape() -> None:
    shown = screen([("sla", [Line("outbox", "nothing waits"), Line("halted", "lost 队列", "act", "docs/x.md")])])
    assert shown.splitlines() == [
        "sla . ok  outbox nothing waits",
        "    ! act halted lost 队列     docs/x.md",
    ]


def test_the_worst_verdict_stands_for_all() -> None:
    assert [worst(v) for v in ([], ["ok"], ["look", "ok"], ["look", "act", "ok"])] == ["ok", "ok", "look", "act"]


def test_a_table_is_as_wide_as_its_words() -> None:
    rows = [{"id": 1, "unit_name": "灵芝社区"}, {"id": 12, "unit_name": None}]
    assert table(("id", "unit_name"), rows).splitlines() == ["id  unit name", "1   灵芝社区", "12"]


def test_a_duration_is_said_in_one_unit() -> None:
    assert [seconds(s) for s in (0.4, 119, 121, 7300, 200_000)] == ["0 s", "119 s", "2 min", "2 h", "2 days"]
