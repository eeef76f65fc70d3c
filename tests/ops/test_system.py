"""The whole system that end-to-end tests get."""

import pytest
import requests

from deploy.system.testbed import SystemUnderTest

pytestmark = pytest.mark.long
SHARED = True
LETTER = {
    "kind": "help",
    "name": "张三",
    "mobile": "13800000001",
    "description": "地铁口的路灯坏了，晚上很暗。",
    "place": "地铁A口",
    "identity": "named",
}


def test_a_letter_is_taken_in_through_the_origin(system: SystemUnderTest) -> None:
    answer = requests.post(f"{system.api('intake')}/cases", json=LETTER, timeout=10)
    assert answer.status_code == 201, answer.text


def test_what_the_origin_refuses_by_itself_is_a_problem_with_a_code(system: SystemUnderTest) -> None:
    answer = requests.post(f"{system.api('intake')}/cases", data=b" " * 3_000_000, timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_body_of_unknown_length_is_refused(system: SystemUnderTest) -> None:
    answer = requests.post(f"{system.api('intake')}/cases", data=iter([b"{", b"}"]), timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")


def test_a_killed_front_door_answers_with_a_problem_and_comes_back(system: SystemUnderTest) -> None:
    door = system.processes["sla-api"]
    door.kill()
    answer = requests.get(f"{system.api('sla')}/cases", timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    door.start()
    assert requests.get(f"{system.api('sla')}/cases", timeout=10).status_code == 401


def test_an_officer_with_a_development_token_is_let_in(system: SystemUnderTest) -> None:
    headers = {"Authorization": f"Bearer {system.token('centre', 'CENTRE')}"}
    assert requests.get(f"{system.api('dispatch')}/units", headers=headers, timeout=10).status_code == 200


def test_an_address_that_nobody_has_is_a_page_for_people_and_a_problem_for_programs(system: SystemUnderTest) -> None:
    resource = requests.get(f"{system.url}/api/nobody/v1/cases", timeout=10)
    assert (resource.status_code, resource.json()["code"]) == (404, "not_found")


def test_while_a_service_is_away_its_pages_say_what_to_do(system: SystemUnderTest) -> None:
    door = system.processes["dispatch-api"]
    door.kill()
    answer = requests.get(f"{system.url}/desk", timeout=10)
    assert (answer.status_code, "请过一会儿刷新本页" in answer.text) == (503, True)
    door.start()


def test_a_large_form_that_meets_the_end_of_its_token_is_sent_on_unread(system: SystemUnderTest) -> None:
    address = f"{system.url}/login/renew?next=/desk"
    answer = requests.post(address, data=b"x" * 20_000_000, timeout=30, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=%2Fdesk&why=")


def test_the_interfaces_are_told_at_one_address(system: SystemUnderTest) -> None:
    assert "/api/notify/v1/openapi.json" in requests.get(f"{system.url}/about", timeout=10).text
