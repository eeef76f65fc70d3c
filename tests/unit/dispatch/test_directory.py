"""The public directory: what may stand in it, what a new file changes, and when a line is old."""

from dataclasses import replace
from datetime import date

import pytest

from services.dispatch.domain.directory import Directory, Entry, changes, problems
from services.dispatch.domain.organisation import Organisation, Unit

TODAY = date(2026, 11, 24)
UNITS = Organisation({
    "C01": Unit("C01", "宝民社区", "community"),
    "C02": Unit("C02", "灵芝园社区", "community", active=False),
    "O02": Unit("O02", "城市管理办公室", "office"),
})  # fmt: skip
LEADER = Entry("L01", "leader", "街道党工委书记", "13800000201", date(2026, 11, 2))
POLICE = Entry("C01-P", "police", "宝民社区警长", "0755-27800000", date(2026, 8, 26), "C01")
GRID = Entry("C01-G01", "grid", "第一网格网格长", "13800000202", date(2026, 8, 25), "C01", "第一网格")


def test_a_line_not_checked_for_more_than_ninety_days_is_stale() -> None:
    assert [entry.is_stale(TODAY) for entry in (LEADER, POLICE, GRID)] == [False, False, True]


def test_a_good_file_has_no_problems() -> None:
    assert problems([LEADER, POLICE, GRID], UNITS, TODAY) == []


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (replace(LEADER, community="C01"), "L01 is a leader of the whole street and names a community"),
        (replace(POLICE, community="C02"), "C01-P names C02, which is no open community"),
        (replace(POLICE, community="O02"), "C01-P names O02, which is no open community"),
        (replace(POLICE, community=None), "C01-P names None, which is no open community"),
        (replace(POLICE, grid="第一网格"), "C01-P: a grid leader has a grid, and nobody else has"),
        (replace(GRID, grid=""), "C01-G01: a grid leader has a grid, and nobody else has"),
        (replace(GRID, telephone="12345678"), "C01-G01: the telephone is not one"),
        (replace(GRID, checked_on=date(2026, 11, 25)), "C01-G01 was checked on a day that has not come"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(entry: Entry, problem: str) -> None:
    assert problems([entry], UNITS, TODAY) == [problem]


def test_a_code_stands_for_one_line() -> None:
    assert problems([LEADER, LEADER], UNITS, TODAY) == ["L01 occurs twice"]


def test_the_difference_names_what_changed_and_never_a_number() -> None:
    stored = Directory("1", (LEADER, POLICE))
    moved = replace(POLICE, name="新任警长", telephone="13800000203")
    assert [str(change) for change in changes(stored, [moved, GRID])] == [
        "~ C01-P: name, telephone",
        "+ C01-G01 第一网格网格长",
        "- L01",
    ]


def test_leaders_stand_apart_from_the_communities() -> None:
    directory = Directory("1", (LEADER, POLICE, GRID))
    assert (directory.leaders(), directory.of("C01"), directory.of("C03")) == ([LEADER], [POLICE, GRID], [])
