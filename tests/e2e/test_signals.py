"""What eight real processes tell of themselves after one case's life, and after one that was late."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from chassis.instruments import ReadGauge, Signal
from deploy.signals.uses import signals
from deploy.system.testbed import SystemUnderTest
from services.dispatch.domain.states import OPEN
from tests.support.driver import LETTER, People, Receipt, until

SETTINGS = {"notify": {"SMS_WINDOW": "1"}}
pytestmark = [pytest.mark.long, pytest.mark.timeout(360)]
# What this story does not do: it must stand at 0 and yet be there, or be absent where its labels are not listed.
QUIET = {
    "lianxin_intake_uploads_total": "nobody sends a photo",
    "lianxin_intake_media_seconds": "nobody sends a photo",
    "lianxin_dispatch_logins_total": "officers come with tokens of the development issuer",
    "lianxin_loop_failures_total": "nothing fails",
}


@dataclass(frozen=True)
class Told:
    """The samples of all processes together."""

    samples: tuple[Sample, ...]

    def of(self, signal: Signal) -> list[Sample]:
        """A histogram's as the number of its observations."""
        name = signal.name + ("_count" if signal.kind == "histogram" else "")
        return [each for each in self.samples if each.name == name]

    def total(self, signal: Signal) -> float:
        return sum(each.value for each in self.of(signal))

    def worst(self, name: str, *labels: str) -> dict[tuple[str, ...], float]:
        """The largest over all replicas for each of the labels' values."""
        found: dict[tuple[str, ...], float] = defaultdict(float)
        for each in self.samples:
            if each.name == name:
                key = tuple(each.labels[label] for label in labels)
                found[key] = max(found[key], each.value)
        return found


def scrape(system: SystemUnderTest) -> Told:
    """All eight."""
    assert len(system.processes.all) == 8
    texts = [process.ops("/metrics") for process in system.processes.all.values()]
    assert [status for status, _ in texts] == [200] * 8
    families = [family for _, text in texts for family in text_string_to_metric_families(text)]
    return Told(tuple(sample for family in families for sample in family.samples))


def live(people: People) -> Receipt:
    """Accepted, dispatched, acknowledged, contacted, answered, closed and rated."""
    receipt = people.submit()
    people.accept(receipt.number)
    unit = people.wait_for("dispatch", "case.dispatched", receipt.number).data["unit"]
    people.acknowledge(receipt.number, unit)
    people.contact(receipt.number, unit)
    people.reply(receipt.number, unit)
    people.close_case(receipt.number)
    until(lambda: people.progress(receipt)["state"] == "closed", "the resident sees it closed")
    people.rate(receipt, "satisfied")
    return receipt


def be_late(people: People) -> Receipt:
    """Dispatched and forgotten, until a leader signs the letter and the unit has it."""
    receipt = people.submit(mobile="13800000002", description="楼道堆放杂物，存在火灾隐患，请尽快清理。")
    people.accept(receipt.number)
    people.settle()
    if not people.heard("dispatch", "case.dispatched", receipt.number):
        people.dispatch(receipt.number, "C01")
    unit = people.wait_for("dispatch", "case.dispatched", receipt.number).data["unit"]
    people.wait_for("sla", "clock.started", receipt.number, kind="close")
    people.be_ahead(timedelta(hours=100))
    people.wait_for("notify", "letter.proposed", receipt.number)
    letter = people.letter(receipt.number)["id"]
    people.sign(letter)
    people.wait_for("notify", "letter.issued", receipt.number)
    people.acknowledge_letter(letter, unit)
    return receipt


@pytest.fixture(scope="module")
def receipts(people: People) -> Iterator[list[Receipt]]:
    lived = [live(people), be_late(people), people.submit(mobile="13800000003", description="路灯不亮，请修理。")]
    people.settle()
    yield lived
    people.be_ahead(timedelta())


@pytest.fixture(scope="module")
def told(receipts: list[Receipt], people: People) -> Told:
    """Once every loop has read what there is."""
    until(lambda: counted(scrape(people.system)) == kept(people), "the gauges say what the databases hold", 120)
    return scrape(people.system)


def counted(told: Told) -> Mapping[str, object]:
    """What the gauges say of the cases that are open."""
    states = told.worst("lianxin_dispatch_cases", "state")
    by_mark: dict[str, float] = defaultdict(float)
    for (_, mark), cases in told.worst("lianxin_dispatch_cases_open", "unit", "mark").items():
        by_mark[mark] += cases
    undecided = {key: n for key, n in told.worst("lianxin_intake_cases", "channel", "state").items() if n}
    return {
        "dispatch": {state: n for (state,), n in states.items() if n and state in OPEN},
        "marks": dict(by_mark),
        "intake": {channel: n for (channel, state), n in undecided.items() if state == "submitted"},
        "clocks": told.worst("lianxin_sla_clocks_armed")[()],
        "letters": {state: n for (state,), n in told.worst("lianxin_notify_letters_open", "state").items() if n},
    }


def kept(people: People) -> Mapping[str, object]:
    """What the databases say."""

    def numbers(service: str, question: str) -> dict[str, float]:
        return {str(row["key"]): float(row["n"]) for row in people.rows(service, question)}

    is_open = f"state in ({', '.join(repr(state.value) for state in OPEN)})"
    marks = f"from cases left join standings using (number) where {is_open} group by 1"
    return {
        "dispatch": numbers("dispatch", f"select state as key, count(*) as n from cases where {is_open} group by 1"),
        "marks": numbers("dispatch", f"select coalesce(mark, 'none') as key, count(*) as n {marks}"),
        "intake": numbers(
            "intake", "select channel as key, count(*) as n from cases where state = 'submitted' group by 1"
        ),
        "clocks": numbers("sla", "select 'all' as key, count(*) as n from clocks where next_at is not null")["all"],
        "letters": numbers(
            "notify",
            "select state as key, count(*) as n from letters where state in ('proposed', 'signed', 'issued') group by 1",
        ),
    }


def test_every_signal_that_should_have_moved_has_moved(told: Told) -> None:
    moving = [each for each in signals() if each.kind in ("counter", "histogram") and each.name not in QUIET]
    assert [each.name for each in moving if not told.total(each)] == []
    assert [name for name in QUIET if any(told.total(each) for each in signals() if each.name == name)] == []


def test_every_reading_is_told_by_the_worker_and_by_nobody_else(told: Told) -> None:
    processes = {each.name: {sample.labels["process"] for sample in told.of(each)} for each in _readings()}
    assert {name: where for name, where in processes.items() if where != {"worker"}} == {}


def _readings() -> list[Signal]:
    return [each for each in signals() if isinstance(each.instrument, ReadGauge)]


def test_what_every_service_has_is_told_by_all_four(told: Told) -> None:
    shared = [each for each in _readings() if each.service is None]
    services = {each.name: {sample.labels["service"] for sample in told.of(each)} for each in shared}
    assert {name: who for name, who in services.items() if len(who) != 4} == {}
    assert {(each.labels["service"], each.labels["process"]) for each in told.samples} == {
        (service, process) for service in ("intake", "dispatch", "sla", "notify") for process in ("api", "worker")
    }


def test_one_late_case_is_one_yellow_one_red_and_one_letter(told: Told) -> None:
    fired = told.worst("lianxin_sla_clocks_fired_total", "kind", "stage")
    assert (fired["close", "warned"], fired["close", "breached"]) == (1, 1)
    letters = told.worst("lianxin_notify_letters_total", "state")
    assert {state: n for (state,), n in letters.items() if n} == {
        "proposed": 1, "signed": 1, "issued": 1, "acknowledged": 1
    }  # fmt: skip
    assert told.worst("lianxin_intake_ratings_total", "grade")["satisfied",] == 1


def test_values_are_plausible(told: Told) -> None:
    assert told.worst("lianxin_sla_clocks_due")[()] == 0
    assert told.worst("lianxin_sla_caught_up")[()] == 1
    assert 0 <= max(told.worst("lianxin_inbox_lag_seconds", "service").values()) < 15
    assert told.worst("lianxin_outbox_rows") == {(): 0}
    assert told.worst("lianxin_aside_rows", "state") == {("waiting",): 0, ("parked",): 0}
    assert told.worst("lianxin_backup_taken_timestamp_seconds")[()] == 0
    revisions = told.worst("lianxin_schema_revision", "service", "revision")
    assert set(revisions) == set(told.worst("lianxin_build_info", "service", "schema"))


def test_no_label_holds_a_person_or_a_case_and_each_takes_the_values_it_says(
    told: Told, receipts: list[Receipt]
) -> None:
    values = {value for each in told.samples for value in each.labels.values()}
    secrets = [LETTER["name"], "1380000", "XA20", *(each.query_code for each in receipts)]
    assert [value for value in values if any(secret in value for secret in secrets)] == []
    for signal in signals():
        for label, allowed in signal.labels.items():
            said = {each.labels[label] for each in told.of(signal)}
            assert isinstance(allowed, str) or said <= set(map(str, allowed)), (signal.name, label)


def test_the_series_of_a_process_stay_few(told: Told) -> None:
    by_process: dict[tuple[str, str], int] = defaultdict(int)
    for each in told.samples:
        by_process[each.labels["service"], each.labels["process"]] += 1
    assert max(by_process.values()) < 2000
