"""The duty list: what a file may say, what loading it changes, and what an item is worth on a day."""

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from services.dispatch.domain import duties
from services.dispatch.domain.duties import Duty, DutyList
from services.dispatch.domain.organisation import Organisation, Unit

UNITS = Organisation(
    {"O02": Unit("O02", "城市管理办公室", "office"), "O99": Unit("O99", "旧办", "office", active=False)}
)
SPRING, TODAY = date(2026, 3, 1), date(2026, 11, 24)
STALL = Duty("SR01", "市容环卫", "占道经营", ("占道经营",), "O02", "simple", SPRING)
BIKES = Duty("SR02", "市容环卫", "单车乱停", ("单车乱停",), duties.COMMUNITY, "simple", SPRING)


def listed(*items: Duty) -> DutyList:
    return DutyList("1", duties={item.code: item for item in items})


def test_loading_the_same_list_again_changes_nothing() -> None:
    assert duties.changes(listed(STALL, BIKES), [STALL, BIKES], TODAY) == []


def test_an_item_left_out_ends_today_and_stays_readable() -> None:
    [change] = duties.changes(listed(STALL, BIKES), [STALL], TODAY)
    assert (change.duty.code, change.duty.valid_to, str(change)) == ("SR02", TODAY, "- SR02 单车乱停")
    assert listed(change.duty).found_in("门口单车乱停", TODAY) == {}
    assert duties.changes(listed(STALL, change.duty), [STALL], TODAY) == []


def test_new_and_changed_items_are_told_apart() -> None:
    other = replace(STALL, complexity="complex")
    assert [str(c) for c in duties.changes(listed(STALL), [other, BIKES], TODAY)] == [
        "~ SR01 占道经营",
        "+ SR02 单车乱停",
    ]


def test_an_item_counts_from_its_first_day() -> None:
    assert STALL.valid_on(SPRING)
    assert not STALL.valid_on(date(2026, 2, 28))


def test_duties_are_found_by_the_words_of_a_letter_in_the_order_of_the_list() -> None:
    text = "门口单车乱停，还有人占道经营。"
    assert listed(STALL, BIKES).found_in(text, TODAY) == {STALL: ("占道经营",), BIKES: ("单车乱停",)}
    assert listed(STALL, BIKES).found_in("", TODAY) == {}


@given(st.text("占道经营单车乱停", max_size=30))
def test_every_word_that_is_there_is_found_and_none_other(text: str) -> None:
    expected = {duty for duty in (STALL, BIKES) if any(word in text for word in duty.keywords)}
    assert set(listed(STALL, BIKES).found_in(text, TODAY)) == expected


def test_a_list_names_open_units_once_and_gives_each_item_words() -> None:
    bad = [
        replace(STALL, lead="O98"),
        replace(STALL, code="SR03", helpers=("O99",)),
        replace(STALL, code="SR03", keywords=()),
        replace(STALL, code="SR04", helpers=("O02",)),
    ]
    assert duties.problems(bad, UNITS) == [
        "SR03 occurs twice",
        "SR01 names O98, which is no open unit",
        "SR03 names O99, which is no open unit",
        "SR03 has no keywords",
        "SR04 names O02 both as lead and as helper",
    ]
    assert duties.problems([STALL, BIKES], UNITS) == []
