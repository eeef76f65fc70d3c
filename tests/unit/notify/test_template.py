"""What the texts say."""

from datetime import UTC, datetime, timedelta

import pytest

from services.notify.domain import local_time, segment, template

NUMBER = "XA20230518000123"
NOW = datetime(2023, 5, 18, 2, 0, tzinfo=UTC)
DUE = datetime(2023, 5, 19, 2, 0, tzinfo=UTC)


def text(name: str, now: datetime = NOW, **params: str) -> str:
    return template.signed("新安街道办", template.render(name, NUMBER, params, now))


def test_received_is_the_sample_text() -> None:
    expected = (
        "【新安街道办】您的诉求已收到,编号XA20230518000123,查询码7KQ4MR。我们将在1小时内受理,请勿向他人透露查询码。"
    )
    assert text("received", query_code="7KQ4MR") == expected


def test_received_with_a_query_code_of_eight_is_still_one_part() -> None:
    assert segment.parts(text("received", query_code="7KQ4MRXY")) == 1


def test_promised_is_the_sample_text() -> None:
    expected = "【新安街道办】编号XA20230518000123已受理,由灵芝社区承办,预计5月19日10时前办结,联系电话0755-12345678。"
    assert text("promised", unit_name="灵芝社区", due=DUE.isoformat(), telephone="0755-12345678") == expected


def test_closed_is_the_sample_text() -> None:
    expected = "【新安街道办】编号XA20230518000123已办结。请回复1满意2基本满意3不满意,或扫原二维码查看结果。"
    assert text("closed") == expected


def test_reopened_gives_the_new_promise_in_one_part() -> None:
    told = text("reopened", unit_name="灵芝社区", due=DUE.isoformat(), telephone="0755-12345678")
    assert (
        told == "【新安街道办】编号XA20230518000123已重新办理,由灵芝社区承办,预计5月19日10时前办结,电话0755-12345678。"
    )
    assert segment.parts(told) == 1


def test_withdrawn_says_that_nothing_more_is_done_in_one_part() -> None:
    told = text("withdrawn")
    assert told == "【新安街道办】编号XA20230518000123已按您的要求撤回,不再办理。如需再次反映,请重新来信。"
    assert segment.parts(told) == 1


def test_yellow_is_the_sample_text() -> None:
    now = DUE - timedelta(hours=2)
    expected = "【新安街道办】预警:编号XA20230518000123距办结时限剩2小时,请立即办理。"
    assert text("yellow", now, limit="办结", due=DUE.isoformat()) == expected


def test_a_mark_by_risk_names_no_limit() -> None:
    assert "重点关注诉求" in text("yellow")
    assert "紧急情况" in text("red")


@pytest.mark.parametrize(
    ("due", "promised"),
    [
        (datetime(2023, 5, 19, 2, 0, tzinfo=UTC), "5月19日10时"),
        (datetime(2023, 5, 19, 2, 0, 1, tzinfo=UTC), "5月19日11时"),
        (datetime(2023, 5, 31, 15, 30, tzinfo=UTC), "6月1日0时"),
    ],
)
def test_keeping_the_limit_keeps_the_promise(due: datetime, promised: str) -> None:
    assert local_time.promised_hour(due) == promised


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(hours=6, seconds=-5), "6小时"),
        (timedelta(hours=5, minutes=59), "5小时59分钟"),
        (timedelta(hours=1), "1小时"),
        (timedelta(minutes=45, seconds=10), "45分钟"),
        (timedelta(seconds=5), "1分钟"),
    ],
)
def test_time_left_is_told_to_the_minute(left: timedelta, words: str) -> None:
    assert local_time.time_left(left) == words


def test_dates_have_no_leading_zeros() -> None:
    assert local_time.minute(datetime(2023, 5, 8, 0, 5, tzinfo=UTC)) == "2023年5月8日8时5分"
    assert local_time.minute(datetime(2023, 5, 8, 0, 0, tzinfo=UTC)) == "2023年5月8日8时"


def numbers(count: int) -> list[str]:
    return [f"XA2026112400{index:04}" for index in range(count)]


def test_up_to_five_numbers_are_named() -> None:
    gathered = template.gathered([("yellow", number) for number in numbers(5)])
    assert gathered == "预警:编号" + "、".join(numbers(5)) + "共5件,请立即办理。"


def test_from_the_sixth_on_only_the_count_is_told() -> None:
    gathered = template.gathered([("yellow", number) for number in numbers(7)])
    assert gathered == "预警:编号" + "、".join(numbers(5)) + "等7件,请立即办理。"


def test_the_gravest_comes_first() -> None:
    one, two, three = numbers(3)
    gathered = template.gathered([("yellow", one), ("red", two), ("letter", three)])
    assert gathered == f"警示函:编号{three};警报:编号{two};预警:编号{one}共3件,请立即办理。"


def test_a_case_is_named_once_by_its_gravest_message() -> None:
    one, two = numbers(2)
    assert (
        template.gathered([("yellow", one), ("red", one), ("red", two)]) == f"警报:编号{one}、{two}共2件,请立即办理。"
    )


def test_a_thousand_cases_still_fit_one_sms_of_the_carriers() -> None:
    gathered = template.gathered([("red", number) for number in numbers(1000)])
    assert segment.length(gathered) < segment.LONGEST


def test_residents_read_nothing_that_only_staff_should() -> None:
    for each in template.TEMPLATES.values():
        assert (each.audience == template.RESIDENT) == (each.heading == "")


def test_every_template_is_useful_as_long_as_the_rule_says() -> None:
    hours = {
        name: each.useful_for and each.useful_for / timedelta(hours=1) for name, each in template.TEMPLATES.items()
    }
    residents = {"received": 1, "promised": 4, "reopened": 24, "closed": 72, "withdrawn": 24}
    assert hours == {**residents, "yellow": None, "red": 24, "letter": 72}
