"""How much time is left: sla's events beside the cases, the lists that go by them, and what the wall counts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from chassis.delivery.envelope import Draft, Message
from tests.service.dispatch.office import Intake, Office
from tests.service.dispatch.test_inbox import statements
from tests.support.events import message

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
NUMBERS = [f"XA2026112400000{i}" for i in range(1, 5)]


def clock(
    number: str, seq: int, hours: float, kind: str = "close", status: str = "armed", mark: str = "none"
) -> Message:
    due = (NOW + timedelta(hours=hours)).isoformat()
    view: dict[str, Any] = {"number": number, "mark": mark, "kind": kind, "gen": 1, "status": status, "due": due}
    return message(Draft("clock.started", number, seq, view), "sla")


@pytest.fixture
def street(office: Office) -> Office:
    """Four cases: red in C01, yellow in C02, plain in C01, and one that sla has not spoken of."""
    communities = ("C01", "C02", "C01", None)
    office.take_in(*(Intake(number, community=code) for number, code in zip(NUMBERS, communities, strict=True)))
    office.receive(
        clock(NUMBERS[0], 1, -1, status="breached", mark="red"),
        clock(NUMBERS[1], 1, 3, status="warned", mark="yellow"),
        clock(NUMBERS[2], 1, 20),
        clock(NUMBERS[2], 2, 2, kind="contact"),
    )
    return office


def listed(office: Office, query: str, role: str = "centre", unit: str | None = None) -> list[str]:
    return [case["number"] for case in office.get(f"/cases?{query}", role, unit).json["cases"]]


def test_a_list_by_time_left_begins_with_what_is_overdue_and_ends_with_what_has_no_limit(street: Office) -> None:
    assert listed(street, "sort=time_left") == [NUMBERS[0], NUMBERS[2], NUMBERS[1], NUMBERS[3]]


def test_a_case_in_a_list_says_how_much_time_is_left_of_what(street: Office) -> None:
    case = street.get(f"/cases/{NUMBERS[2]}").json
    assert (case["next_kind"], case["next_due"], case["close_due"]) == (
        "contact", "2026-11-24T10:00:00Z", "2026-11-25T04:00:00Z",
    )  # fmt: skip


def test_pages_by_time_left_follow_each_other_without_gap_or_repeat(street: Office) -> None:
    found, after = [], ""
    while after is not None:
        page = street.client.get(
            "/api/dispatch/v1/cases",
            query_string={"sort": "time_left", "limit": 1, "after": after},
            headers=street.headers("centre", None),
        ).json
        found += [case["number"] for case in page["cases"]]
        after = page["next"]
    assert found == [NUMBERS[0], NUMBERS[2], NUMBERS[1], NUMBERS[3]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("mark=red", [0]),
        ("mark=yellow&sort=time_left", [1]),
        ("community=C01&sort=time_left", [0, 2]),
        ("community=C01&mark=none", [2]),
        ("open=true&sort=time_left", [0, 2, 1, 3]),
        ("state=waiting&sort=time_left", [3]),
        ("unit=C02&sort=time_left", [1]),
        ("mark=green", []),
    ],
)
def test_a_list_is_narrowed_by_mark_community_unit_and_state(street: Office, query: str, expected: list[int]) -> None:
    assert listed(street, query) == [NUMBERS[place] for place in expected]


def test_a_units_list_holds_its_own_cases_alone(street: Office) -> None:
    assert listed(street, "sort=time_left", "unit", "C01") == [NUMBERS[0], NUMBERS[2]]


def test_an_invented_place_in_the_list_is_refused(street: Office) -> None:
    answer = street.get("/cases?sort=time_left&after=soon")
    assert (answer.status_code, answer.json["errors"][0]["code"]) == (422, "bad_cursor")


def test_the_wall_counts_open_yellow_and_red_by_unit_and_by_community(street: Office) -> None:
    wall = street.get("/wall").json
    assert wall["units"] == [
        {"code": "C01", "open": 2, "yellow": 0, "red": 1},
        {"code": "C02", "open": 1, "yellow": 1, "red": 0},
        {"code": None, "open": 1, "yellow": 0, "red": 0},
    ]
    assert wall["communities"] == wall["units"]
    assert street.get("/wall", "unit", "C02").json["units"] == [{"code": "C02", "open": 1, "yellow": 1, "red": 0}]


def test_sla_may_speak_before_intakes_letter_is_here(office: Office) -> None:
    office.receive(clock(NUMBERS[0], 1, 1, kind="accept", mark="yellow"))
    assert office.get(f"/cases/{NUMBERS[0]}").status_code == 404
    office.take_in(Intake(NUMBERS[0]))
    assert office.get(f"/cases/{NUMBERS[0]}").json["mark"] == "yellow"


def test_fifty_clocks_take_as_many_statements_as_one_and_lock_no_case(street: Office) -> None:
    counts = []
    for seq, numbers in ((11, NUMBERS[:1]), (12, [*NUMBERS, *(f"XA20261123{i:06d}" for i in range(50))])):
        with street.database.transaction() as tx, statements(street.database) as seen:
            tx.execute(text("select 1 from cases for update"))
            street.receive(*(clock(number, seq, 5) for number in numbers))
        counts.append(len(seen))
    assert counts[0] == counts[1]
