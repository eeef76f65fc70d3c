"""The gauges of dispatch's cases say what its database holds."""

from sqlalchemy import text

from services.dispatch import metrics
from services.dispatch.operating.measuring import measure
from tests.service.dispatch.office import STALLS, Intake, Office
from tests.service.dispatch.test_standings import NUMBERS, clock


def test_cases_are_counted_by_state_by_unit_and_by_mark(office: Office) -> None:
    office.take_in(Intake(NUMBERS[0]), Intake(NUMBERS[1]), Intake(NUMBERS[2], text=STALLS))
    office.receive(clock(NUMBERS[0], 1, -1, status="breached", mark="red"))
    measure(office.database)
    assert {state: cases for (state,), cases in metrics.CASES.values.items() if cases} == {
        "dispatched": 2,
        "waiting": 1,
    }
    assert ("closed",) in metrics.CASES.values
    units = {mark: unit for unit, mark in metrics.CASES_OPEN.values if unit != "none"}
    assert metrics.CASES_OPEN.values == {(units["red"], "red"): 1, (units["none"], "none"): 1, ("none", "none"): 1}


def test_a_restricted_case_shows_no_unit(office: Office) -> None:
    office.take_in(Intake(NUMBERS[0]))
    with office.database.transaction() as tx:
        tx.execute(text("update cases set restricted = true"))
    measure(office.database)
    assert set(metrics.CASES_OPEN.values) == {("restricted", "none")}


def test_a_case_closed_yesterday_is_none_of_today(office: Office) -> None:
    office.take_in(Intake(NUMBERS[0]), Intake(NUMBERS[1]))
    with office.database.transaction() as tx:
        tx.execute(
            text("""
                update cases set state = 'closed',
                    closed_at = clock_now() - make_interval(days => case number when :old then 1 else 0 end)
            """),
            {"old": NUMBERS[0]},
        )
    measure(office.database)
    assert metrics.CASES.values["closed",] == 1
