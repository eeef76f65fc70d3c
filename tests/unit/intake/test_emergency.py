"""Emergency words: a real danger is found, a false friend is not, and the rules are data."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.emergency import SHIPPED, find, load

RULES = load(SHIPPED.read_text(encoding="utf-8"))

DANGERS = {
    "有没有人管？家里着火了！！": ("119",),
    "消防通道着火了，快派人来": ("119",),
    "家里起火了怎么办": ("119",),
    "3楼正在冒烟": ("119",),
    "大火把过道封住了": ("119",),
    "昨晚车库突然起火，造成三辆车烧毁": ("119",),
    "楼道里闻到很浓的煤气味": ("119",),
    "家里可能煤气泄漏": ("119",),
    "隔壁天然气泄漏，喊物业没人来": ("119",),
    "我不想活了": ("110", "120"),
    "他站在天台要跳楼": ("110", "120"),
    "老人晕倒在路边没人管": ("120",),
    "有人持刀在小区门口": ("110",),
    "老公家暴我，快来救命": ("110",),
    "孩子被困在电梯里": ("119",),
    "着 火 了": ("119",),
    "有人触电，现在昏迷不醒": ("120",),
    "楼上着火，还有人要跳楼": ("110", "119", "120"),
}

HARMLESS = [
    "灵芝地铁站电动车乱停乱放",
    "楼道堆满杂物，有火灾隐患",
    "万一着火了怎么办",
    "如果发生火灾，消防车进不来",
    "没有着火，只是灯坏了",
    "希望社区组织防溺水宣传",
    "建议开展消防演练，预防火灾",
    "楼下超市跳楼价大甩卖，喇叭太吵",
    "看着火车站广场一片狼藉",
    "这是个信息大爆炸的时代",
    "不要用道德绑架我们业主",
    "落水管坏了，下雨往家里灌",
    "飞线充电容易引起火灾",
    "这栋楼去年发生过火灾",
    "经常被困电梯，请维修",
    "",
]


@pytest.mark.parametrize(("text", "calls"), DANGERS.items())
def test_a_danger_names_the_numbers_to_call(text: str, calls: tuple[str, ...]) -> None:
    alarm = find(text, RULES)
    assert alarm is not None and alarm.calls == calls


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_speaks_of_it_is_no_alarm(text: str) -> None:
    assert find(text, RULES) is None


def test_a_hedge_in_another_clause_hides_nothing() -> None:
    assert find("去年反映过火灾隐患没人管，今天着火了", RULES) is not None
    assert find("如果早点修就好了。厨房起火", RULES) is not None


def test_a_threat_to_ones_own_life_is_never_talked_away() -> None:
    assert find("如果再不解决，我可能会自杀", RULES) is not None


def test_each_word_is_named_once_in_order() -> None:
    alarm = find("着火了着火了，冒烟了", RULES)
    assert alarm is not None and alarm.words == ("着火", "冒烟") and alarm.rules == RULES.version


@given(st.text(max_size=40), st.sampled_from([word for rule in RULES.rules if not rule.hedged for word in rule.words]))
def test_a_word_that_is_never_hedged_is_found_in_a_clause_of_its_own(around: str, word: str) -> None:
    assert find(f"{around}。{word}。{around}", RULES) is not None


@given(st.text(max_size=300))
def test_any_text_can_be_looked_at(text: str) -> None:
    alarm = find(text, RULES)
    assert alarm is None or (alarm.calls and alarm.words)


def test_the_shipped_rules_are_consistent() -> None:
    words = [word for rule in RULES.rules for word in rule.words]
    assert len(words) == len(set(words)) and len({rule.id for rule in RULES.rules}) == len(RULES.rules)
    for rule in RULES.rules:
        assert rule.calls and set(rule.calls) <= {"110", "119", "120"}
        for friend in rule.friends:
            assert any(word in friend for word in words), friend


def test_a_street_may_bring_its_own_rules() -> None:
    own = json.dumps(
        {
            "version": "own-1",
            "hedges": {"supposed": [], "told": [], "before": [], "after": [], "acute": []},
            "rules": [{"id": "flood", "calls": ["119"], "hedged": True, "words": ["内涝"], "friends": []}],
        }
    )
    alarm = find("地下车库内涝", load(own))
    assert alarm is not None and alarm.rules == "own-1"
