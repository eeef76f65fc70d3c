"""Triage and restriction on the demo organisation and duty list: what the rule may do alone, and what it must not."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatch.commands import files
from services.dispatch.domain import duties, organisation, triage
from services.dispatch.domain.arrival import accept, receive
from services.dispatch.domain.case import Case, Imported, Letter
from services.dispatch.domain.duties import DutyList
from services.dispatch.domain.organisation import Organisation
from services.dispatch.domain.restriction import object_of
from services.dispatch.domain.visibility import LEADERS

DATA = Path(files.__file__).parents[1] / "data"
UNITS_FILE = files.organisation(DATA / "organisation.demo.json")
DUTIES_FILE = files.duties(DATA / "duties.demo.json")
UNITS = Organisation({unit.code: unit for unit in UNITS_FILE.units})
DUTIES = DutyList(DUTIES_FILE.version, DUTIES_FILE.words, {duty.code: duty for duty in DUTIES_FILE.duties})
TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def letter(text: str, community: str | None = "C01", **others: object) -> Letter:
    return replace(Letter("mailbox", "complaint", text, "", community, False, NOW), **others)  # type: ignore[arg-type]


def study(text: str, community: str | None = "C01", **others: object) -> triage.Study:
    return triage.study(letter(text, community, **others), UNITS, DUTIES, TODAY)


METRO = "灵芝地铁站A出口电动车乱停乱放，无人管理，不仅行人无法通行，商家也不能正常营业。"


def test_the_demo_data_is_one_centre_21_communities_13_offices_and_rapid_teams() -> None:
    kinds = [unit.kind for unit in UNITS_FILE.units]
    assert [kinds.count(kind) for kind in organisation.KINDS] == [1, 21, 13, 3]
    assert UNITS_FILE.demo
    assert organisation.problems(UNITS_FILE.units, Organisation()) == []
    assert all(c.mobile.startswith("1380000") for unit in UNITS_FILE.units for c in unit.contacts.values())


def test_the_demo_duty_list_has_at_least_60_items_in_12_categories() -> None:
    assert len(DUTIES_FILE.duties) >= 60
    assert len(DUTIES.categories()) == 12
    assert DUTIES_FILE.demo
    assert duties.problems(DUTIES_FILE.duties, UNITS) == []


def test_the_letter_of_the_metro_exit_goes_to_the_community_by_the_rule() -> None:
    found = study(METRO)
    assert found.automatic
    assert (found.suggestion, found.category, found.complexity) == ("C01", "市容环卫", "simple")
    assert found.helpers == ("O02", "T01")
    assert "SR02" in found.rule


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("小区门口的路灯不亮已经一周了，晚上出门很不安全。", "O03"),
        ("公司拖欠工资三个月，多次催要都不给。", "O07"),
        ("楼下餐馆油烟直排，油烟扰民严重，窗户都不敢开。", "O10"),
        ("小区电梯故障频发，上周又困梯两次。", "O11"),
        ("隔壁顶层违建，还在继续加建，请查处违章建筑。", "O04"),
        ("楼道堆放杂物，楼道堆物挡住去路，请清理。", "C01"),
    ],
)
def test_an_ordinary_letter_goes_to_the_unit_of_its_duty(text: str, unit: str) -> None:
    found = study(text)
    assert (found.suggestion, found.automatic) == (unit, True)


def test_a_community_matter_without_a_community_waits_for_the_centre() -> None:
    found = study(METRO, community=None)
    assert (found.suggestion, found.automatic) == (None, False)
    assert "主办单位待定" in found.rule


def test_the_community_named_in_the_letter_stands_in_for_one_not_given() -> None:
    assert study("灵芝园社区门口" + METRO, community=None).suggestion == "C02"


def test_a_letter_that_names_another_community_than_it_gives_waits() -> None:
    found = study("灵芝园社区门口" + METRO, community="C01")
    assert (found.suggestion, found.automatic) == (None, False)


def test_a_word_that_may_only_say_where_weighs_little() -> None:
    text = "灵芝地铁站A出口被电动车堵死了，共享单车也倒了一地。"
    assert study(text, place="灵芝地铁站A出口").suggestion == "C01"
    assert study(text, place="灵芝地铁站A出口").automatic


def test_two_possible_lead_units_leave_the_choice_to_the_centre() -> None:
    found = study("餐馆油烟扰民，占道经营也没人管。")
    assert not found.automatic
    assert found.suggestion in ("O10", "O02")
    assert "有多个可能的主办单位" in found.rule


def test_a_letter_that_matches_nothing_waits_without_a_suggestion() -> None:
    found = study("你好，请问一下。")
    assert (found.suggestion, found.category, found.complexity, found.automatic) == (None, None, None, False)


def test_an_emergency_is_never_dispatched_by_the_rule() -> None:
    found = study(METRO, emergency=True)
    assert (found.suggestion, found.automatic) == ("C01", False)


def test_a_closed_unit_is_neither_suggested_nor_made_to_help() -> None:
    closed = Organisation({c: replace(u, active=c not in ("C01", "T01")) for c, u in UNITS.units.items()})
    found = triage.study(letter(METRO), closed, DUTIES, TODAY)
    assert (found.suggestion, found.automatic) == (None, False)
    assert triage.study(letter(METRO, "C02"), closed, DUTIES, TODAY).helpers == ("O02",)


def test_an_ended_duty_is_not_used() -> None:
    ended = DutyList("2", DUTIES.words, {c: replace(d, valid_to=TODAY) for c, d in DUTIES.duties.items()})
    assert triage.study(letter(METRO), UNITS, ended, TODAY).category is None


def test_words_raise_flags_whatever_the_matter_is() -> None:
    plain, loud = study("公园里的树木需要修剪。"), study("公园里的树木需要修剪，几十户联名，不解决就上访。")
    assert (plain.priority, plain.sensitive) == (False, False)
    assert (loud.priority, loud.sensitive) == (True, True)


def test_words_make_a_simple_matter_complex() -> None:
    assert study("路灯不亮，产权不清，涉及多个部门。").complexity == "complex"


@pytest.mark.parametrize(
    "text",
    [
        "请城管部门处理占道经营。",
        "希望社区工作人员上门看一看路灯。",
        "物业工作人员态度恶劣，不肯修电梯。",
        "感谢社区工作人员的帮助，另外路灯不亮。",
        "尊敬的街道书记您好，小区门口油烟扰民。",
        "书记/主任信箱：楼下油烟扰民。",
        "已向城管局投诉，希望城管部门查处这家态度恶劣的店。",
        "银行工作人员态度很差。",
        "楼盘营销中心工作人员态度恶劣。",
        "社区里有人打人，请派出所处理。",
        "希望有关部门不要推诿。",
        "请社区书记来看看我们的楼道。",
        "投诉后社区工作人员来过一次。",
    ],
)
def test_asking_a_unit_is_no_complaint_about_it(text: str) -> None:
    assert object_of(letter(text), UNITS) is None


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("城管队员收钱不办事。", ("O02",)),
        ("城管队员来了以后态度恶劣。", ("O02",)),
        ("宝民社区书记不作为，反映多次无果。", ("C01",)),
        ("社区书记对我们态度极其恶劣。", ("C05",)),
        ("举报灵芝园社区书记违规。", ("C02",)),
        ("综治办互相推诿，没有人管。", ("O01",)),
        ("投诉诉求中心工作人员态度差。", ("CENTRE",)),
        ("街道主任滥用职权。", (LEADERS,)),
        ("窗口工作人员态度恶劣，让我跑了三趟。", ()),
        ("态度恶劣的执法人员把东西都收走了。", ()),
        ("派出所民警乱作为。", ()),
    ],
)
def test_a_letter_about_a_unit_or_its_people_is_restricted(text: str, about: tuple[str, ...]) -> None:
    assert object_of(letter(text, "C05"), UNITS) == about


def test_a_community_nobody_knows_is_not_taken_for_a_unit() -> None:
    assert object_of(letter("社区书记不作为。", "C77"), UNITS) == ()


def test_praise_is_about_a_unit_and_not_restricted() -> None:
    assert object_of(letter("社区工作人员从不推诿，城管队员态度不差。", kind="praise"), UNITS) is None


def test_a_restricted_letter_is_never_dispatched_by_the_rule() -> None:
    found = study(METRO + "城管队员收钱不办事。")
    assert (found.about, found.automatic) == (("O02",), False)
    assert found.helpers == ("T01",)


def test_the_unit_a_letter_is_about_is_not_suggested() -> None:
    assert study("占道经营长期存在，城管办包庇摊贩。").suggestion is None


def accepted(text: str, imported: Imported | None = None, **others: object) -> Case:
    return accept(receive(Case("XA20261124000001"), letter(text, **others)), NOW, imported)  # type: ignore[arg-type]


def test_an_automatic_study_dispatches_at_once() -> None:
    case, facts = triage.begin(accepted(METRO), UNITS, DUTIES, NOW)
    assert [(f.type, f.case.state, f.case.version) for f in facts] == [
        ("case.triaged", "waiting", 1),
        ("case.dispatched", "dispatched", 2),
    ]
    assert (case.unit, case.unit_name, case.dispatched_at) == ("C01", "宝民社区", NOW)
    assert facts[1].says == {"dispatched_by": "rule", "imported": False, "forced": False}


def test_an_import_is_not_studied() -> None:
    case, facts = triage.begin(accepted(METRO, Imported("O03", "complex", NOW)), UNITS, DUTIES, NOW)
    assert [f.type for f in facts] == ["case.dispatched"]
    assert (case.unit, case.unit_name, case.complexity, case.category) == ("O03", "城市建设办公室", "complex", None)


@given(st.text(max_size=400), st.sampled_from([None, *UNITS.units]), st.booleans())
def test_any_text_is_studied_and_the_rule_acts_only_where_it_may(
    text: str, community: str | None, emergency: bool
) -> None:
    found = study(text, community, emergency=emergency)
    if found.automatic:
        assert not emergency
        assert found.about is None
        assert found.suggestion is not None
        assert UNITS.can_receive(found.suggestion)
        assert found.complexity is not None
