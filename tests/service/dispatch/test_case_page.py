"""A case at the desk, without a script: each form's success, each refusal with what was typed, and who sees what."""

import pytest

from tests.service.dispatch.browser import Browser
from tests.service.dispatch.office import STALLS, Intake, Office

NUMBER = "XA20261124000001"
CASE = f"/desk/cases/{NUMBER}"


@pytest.fixture
def waiting(office: Office) -> Office:
    office.take_in(Intake(NUMBER, text=STALLS))
    return office


def test_a_case_goes_from_the_queue_to_its_closure_by_forms_alone(waiting: Office) -> None:
    centre, unit = Browser(waiting), Browser(waiting, "unit", "O10")
    page = centre.open(CASE)
    assert page.status == 200 and "餐馆油烟扰民" in page.words and "待分拨" in page.words
    sent = centre.send(page, "dispatch", unit="O10 生态水务办公室", complexity="simple", helpers=["O02"])
    assert sent.location == CASE and "已分拨" in centre.follow(sent).words

    told = unit.follow(unit.send(unit.open(CASE), "acknowledge"))
    assert "已签收，待联系" in told.words
    contacted = unit.send(
        told, "contact", process="今天上门检测油烟", means="telephone", promised_at="2030-01-01T12:00"
    )
    page = unit.follow(contacted)
    assert "1月1日 12:00" in page.words and "办理中" in page.words
    page = unit.follow(unit.send(page, "reply", text="已责令餐馆安装净化设施，油烟已达标。"))
    assert "等待诉求中心审核" in page.words

    back = centre.follow(centre.send(centre.open(CASE), "send_back", reason="请写明谁去复查"))
    assert "办理中" in back.words and "请写明谁去复查" in back.words
    unit.send(unit.open(CASE), "reply", text="已整改，十二月一日由城管办复查。")
    closed = centre.follow(centre.send(centre.open(CASE), "close", outcome="solved"))
    assert "已办结" in closed.words and "现在没有要您办的事" in closed.words


def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(waiting: Office) -> None:
    centre = Browser(waiting)
    page = centre.send(
        centre.open(CASE), "dispatch", unit="外星办", complexity="simple", priority="true", sensitive=None
    )
    assert page.status == 422 and "没有这个单位" in page.words
    assert (
        'id="dispatch-unit-error"' in page.html
        and 'aria-describedby="dispatch-unit-hint dispatch-unit-error"' in page.html
    )
    kept = page.forms["dispatch"].values
    assert (kept["dispatch-unit"], kept["dispatch-complexity"], kept["dispatch-priority"]) == (
        ["外星办"],
        ["simple"],
        ["true"],
    )
    assert "dispatch-sensitive" not in kept
    page = centre.send(page, "dispatch", unit="生态水务办公室", complexity=None)
    assert page.status == 422 and page.forms["dispatch"].values["dispatch-unit"] == ["生态水务办公室"]
    assert centre.send(page, "dispatch", complexity="simple").status == 303


def test_a_unit_is_understood_by_code_name_or_the_word_residents_use(waiting: Office) -> None:
    centre = Browser(waiting)
    assert centre.send(centre.open(CASE), "dispatch", unit="环保", complexity="simple").status == 303
    assert waiting.get(f"/cases/{NUMBER}").json["unit"] == "O10"


def test_a_promise_in_the_past_is_refused_and_the_words_are_kept(waiting: Office) -> None:
    unit = brought_to_handling(waiting)
    page = unit.send(unit.open(CASE), "contact", process="今天上门检测", means="visit", promised_at="2020-01-01T12:00")
    assert page.status == 422 and "承诺时间不能早于现在" in page.words
    assert page.forms["contact"].values["contact-process"] == ["今天上门检测"]


def brought_to_handling(office: Office) -> Browser:
    centre, unit = Browser(office), Browser(office, "unit", "O10")
    centre.send(centre.open(CASE), "dispatch", unit="O10", complexity="simple")
    unit.send(unit.open(CASE), "acknowledge")
    return unit


def test_the_slower_of_two_officers_sees_what_happened_and_keeps_what_was_typed(waiting: Office) -> None:
    first, second = Browser(waiting), Browser(waiting, "leader")
    unit = brought_to_handling(waiting)
    opened = unit.open(CASE)
    contacted = {"process": "今天上门检测", "means": "visit"}
    unit.send(unit.open(CASE), "contact", **contacted)
    late = unit.send(opened, "contact", process="明天上午九点上门", means="visit")
    assert late.status == 412 and "您打开之后，别人已经办理" in late.words
    assert "先行联系" in late.words and "明天上午九点上门" in late.words
    assert first.open(CASE).status == second.open(CASE).status == 200


def test_a_double_tap_has_one_effect(waiting: Office) -> None:
    centre = Browser(waiting)
    page = centre.open(CASE)
    typed = {"unit": "O10", "complexity": "simple"}
    assert [centre.send(page, "dispatch", **typed).status for _ in range(2)] == [303, 303]
    assert [line["type"] for line in waiting.get(f"/cases/{NUMBER}").json["log"]] == ["case.triaged", "case.dispatched"]
    again = centre.send(page, "dispatch", unit="O02", complexity="simple")
    assert again.status == 422 and "这张表已经提交过" in again.words


def test_who_may_not_see_it_finds_nothing_and_who_may_not_act_finds_no_form(waiting: Office) -> None:
    brought_to_handling(waiting)
    assert Browser(waiting, "unit", "C07").open(CASE).status == 404
    assert Browser(waiting, "unit", "C07").open("/desk/cases/XA20261124999999").status == 404
    assert set(Browser(waiting, "leader").open(CASE).forms) == {"/logout"}
    lead, helper = (set(Browser(waiting, "unit", unit).open(CASE).forms) for unit in ("O10", "O02"))
    assert lead == {"/logout", "contact", "work", "handler", "hand_back"} and helper == {"/logout", "work"}
    anonymous = waiting.client.get(CASE)
    assert anonymous.status_code == 307 and anonymous.headers["Location"].startswith("/login/renew")
    assert Browser(waiting, "operator").open(CASE).status == 403


def test_a_form_from_elsewhere_is_refused(waiting: Office) -> None:
    assert Browser(waiting).post(f"{CASE}/dispatch", {"dispatch-unit": "O10"}).status == 403
    assert waiting.get(f"/cases/{NUMBER}").json["state"] == "waiting"


def test_a_unit_s_command_by_the_wrong_role_is_refused(waiting: Office) -> None:
    unit, centre = brought_to_handling(waiting), Browser(waiting)
    values = unit.open(CASE).forms["contact"].values
    centre_page = centre.open(CASE).forms["/logout"].values
    assert centre.post(f"{CASE}/contact", {**values, **centre_page}).status == 403
