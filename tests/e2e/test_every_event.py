"""One story that publishes every type of event there is, on a whole running system, and what must hold of all of them.

Time is moved, not waited for: the four databases' clocks run ahead. With `RECORD=1` the story leaves one example of
every variant of every type in `contracts/events/<producer>/<type>.v1.examples/`.
"""

import csv
import json
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from sqlalchemy import text

from chassis.delivery.envelope import headers, source_of
from deploy.contracts.__main__ import parties
from services import SERVICES
from tests.support import recording
from tests.support.driver import METRO, People, Told
from tests.support.fake_gateway import FakeGateway

pytestmark = pytest.mark.timeout(900)

SETTINGS: dict[str, dict[str, str]] = {
    "intake": {"ACCEPT_AUTOMATICALLY": "true"},
    "notify": {"GATEWAY": "http", "SMS_WINDOW": "1"},
}
CONTRACTS = Path(__file__).parents[2] / "contracts"
TYPES = [(party.name, event.type) for party in parties() for event in party.publishes]

# Nobody's name and nobody's number; residents write them into their letters, too.
NAME, MOBILE = "欧阳问天", "13800000999"
# What officers write stays as they wrote it in the work log of dispatch, and leaves it masked.
NOTED, NOTED_WITH_SPACES = "13800000998", "138 0000 0998"
STALLS = "餐馆油烟扰民，占道经营也没人管。"  # two units could lead: waits for the centre
GAS = "楼下餐馆燃气泄漏，现在整栋楼都是煤气味，快来人！"
ABOUT_STAFF = "举报社区工作站工作人员收红包，不给钱就不办事。"

YELLOW, ALMOST_RED, RED = (
    timedelta(hours=18, minutes=5),
    timedelta(hours=23, minutes=50),
    timedelta(hours=24, minutes=15),
)


@dataclass
class Story:
    """What was told, by whom, and since when."""

    people: People
    began: datetime
    events: list[Told]

    def of(self, producer: str, type_: str) -> list[Told]:
        return [told for told in self.events if (told.producer, told.type) == (producer, type_)]


@pytest.fixture(scope="module", autouse=True)
def gateway() -> Iterator[FakeGateway]:
    """The carriers' gateway; it is there before the system is, and refuses when told to."""
    fake = FakeGateway().up()
    SETTINGS["notify"]["GATEWAY_URL"] = fake.url
    yield fake
    fake.down()


@pytest.fixture(scope="module")
def story(gateway: FakeGateway, people: People, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """The whole story, played once."""
    began = people.now()
    a_case_goes_through_all_hands(people)
    an_emergency_is_accepted_and_another_one_is_none_of_ours(people)
    the_centre_decides_where_the_rule_is_not_sure(people)
    a_gateway_refuses_a_number(people, gateway)
    letters_are_taken_back(people)
    a_unit_says_that_it_is_not_theirs(people)
    open_cases_are_imported(people, began, tmp_path_factory.mktemp("import") / "open-cases.csv")
    left_alone = [a_case_that_waits_for_its_reply(people) for _ in range(3)]
    limits_pass_and_letters_follow(people, left_alone)
    return Story(people, began, [told for service in SERVICES for told in people.events(service)])


def a_case_goes_through_all_hands(people: People) -> None:
    """Accepted and dispatched by rule, answered, sent back, answered again, closed."""
    receipt = people.submit(
        name=NAME, mobile=MOBILE, description=f"{METRO}请联系{NAME}，电话{MOBILE}。", place=f"灵芝地铁站A出口，找{NAME}"
    )
    number = receipt.number
    unit = people.wait_for("dispatch", "case.dispatched", number, dispatched_by="rule").data["unit"]
    people.wait_for("notify", "message.delivered", number, template="promised")
    people.acknowledge(number, unit)
    promised_at = (people.now() + timedelta(hours=20)).isoformat()
    people.contact(number, unit, f"已致电{NOTED}，说明处理办法。", promised_at=promised_at)
    people.supplement(receipt, f"路口的护栏也倒了，请联系{NAME}，电话{MOBILE}。")
    people.reply(number, unit, f"已与来信人（{NOTED_WITH_SPACES}）联系，问题正在处理。")
    people.send_back(number, f"答复没有写明结果，请再拨{NOTED}核实。")
    people.reply(number, unit)
    people.close_case(number)
    people.wait_for("sla", "clock.met", number, kind="close")
    people.wait_for("notify", "message.delivered", number, template="closed")
    people.settle()
    assert people.progress(receipt)["reply"] == "已清理完毕，安排专人巡查。"
    people.rate(receipt, "satisfied", f"处理得很快，谢谢{NAME}。")
    people.settle()


def an_emergency_is_accepted_and_another_one_is_none_of_ours(people: People) -> None:
    """No rule accepts an emergency; its mark is red from the start."""
    accepted = people.submit(description=GAS, name=NAME, mobile=MOBILE).number
    refused = people.submit(description=GAS, identity="withheld", name=NAME, mobile=MOBILE).number
    for number in (accepted, refused):
        people.wait_for("sla", "case.marked", number, mark="red", reason="risk")
    people.accept(accepted)
    people.refuse(refused, "emergency_service")
    people.wait_for("sla", "case.marked", refused, mark="none")
    people.wait_for("dispatch", "case.triaged", accepted, automatic=False)
    people.dispatch(accepted, "O02", priority=True)
    people.wait_for("sla", "clock.met", accepted, kind="dispatch")
    people.settle()


def the_centre_decides_where_the_rule_is_not_sure(people: People) -> None:
    """An anonymous letter for two units, and one about staff, which nobody sees who need not."""
    anonymous = people.submit(description=STALLS, identity="anonymous", name=None, mobile=None, community=None).number
    restricted = people.submit(description=ABOUT_STAFF, kind="report", identity="withheld").number
    for number, order in ((anonymous, {"complexity": "complex"}), (restricted, {"helpers": []})):
        people.wait_for("dispatch", "case.triaged", number, automatic=False)
        people.dispatch(number, "O03", **order)
        people.wait_for("sla", "clock.started", number, kind="close")
    people.acknowledge(restricted, "O03")
    people.contact(restricted, "O03", means="visit")
    people.reply(restricted, "O03", "经核查情况不属实，已当面向来信人解释。")
    people.close_case(restricted, "explained")
    people.settle()


def a_gateway_refuses_a_number(people: People, gateway: FakeGateway) -> None:
    """Neither the receipt nor the promise reaches this resident."""
    gateway.mode = "refuse"
    number = people.submit().number
    for template in ("received", "promised"):
        people.wait_for("notify", "message.failed", number, template=template)
    gateway.mode = "ok"


def letters_are_taken_back(people: People) -> None:
    """One after dispatch has it, one before anybody has decided."""
    asked = people.submit(name=NAME, mobile=MOBILE)
    people.wait_for("dispatch", "case.dispatched", asked.number)
    undecided = people.submit(description=GAS, name=NAME, mobile=MOBILE)
    for receipt, kind in ((asked, "close"), (undecided, "accept")):
        people.wait_for("sla", "clock.started", receipt.number, kind=kind)
        people.withdraw(receipt)
        people.wait_for("sla", "clock.changed", receipt.number, kind=kind, status="stopped")
        people.wait_for("notify", "message.delivered", receipt.number, template="withdrawn")
    people.settle()


def a_unit_says_that_it_is_not_theirs(people: People) -> None:
    """Handed back, ruled upon, another letter merged into it, answered for both; one of the two is not content."""
    first, second = (people.submit(description=STALLS, name=NAME, mobile=MOBILE, community=None) for _ in range(2))
    for each in (first, second):
        people.wait_for("dispatch", "case.triaged", each.number, automatic=False)
    people.dispatch(first.number, "O03")
    people.hand_back(first.number, "O03", f"属水务职责，可致电{NOTED}核实。")
    people.rule(first.number, "O10")
    people.merge(second.number, first.number)
    people.acknowledge(first.number, "O10")
    people.contact(first.number, "O10")
    people.reply(first.number, "O10")
    people.close_case(first.number)
    people.wait_for("dispatch", "case.closed", second.number)
    people.settle()
    people.rate(second, "dissatisfied", f"还是老样子，请{NAME}的邻居作证。")
    people.wait_for("dispatch", "case.reopened", second.number)
    people.wait_for("sla", "clock.started", second.number, kind="close", gen=2)
    people.wait_for("notify", "message.delivered", second.number, template="reopened")
    people.settle()


def open_cases_are_imported(people: People, began: datetime, sheet: Path) -> None:
    """Two from the system before: one long past its limit, told silently, and one that has just begun."""
    common = {
        "kind": "complaint",
        "name": NAME,
        "mobile": MOBILE,
        "place": "宝民一路",
        "identity": "named",
        "unit": "C05",
    }
    overdue = {"external_id": "old-1", "description": f"路灯不亮，联系{NAME}{MOBILE}。", "complexity": "simple"}
    fresh = {"external_id": "old-2", "description": "人行道地砖破损多处。", "complexity": "complex"}
    times = ("submitted_at", "accepted_at", "dispatched_at", "contacted_at")
    rows = [
        {**common, **each, **dict(zip(times, (_before(began, hours) for hours in ago), strict=True))}
        for each, ago in ((overdue, (32, 31.5, 30, 29)), (fresh, (3, 2.5, 2, None)))
    ]
    with sheet.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    people.system.command("intake", "import", str(sheet))
    people.settle()


def _before(moment: datetime, hours: float | None) -> str:
    return "" if hours is None else (moment - timedelta(hours=hours)).isoformat()


def a_case_that_waits_for_its_reply(people: People) -> str:
    """Dispatched, acknowledged, the resident told; then nothing."""
    number = people.submit(name=NAME, mobile=MOBILE).number
    unit = people.wait_for("dispatch", "case.dispatched", number).data["unit"]
    people.acknowledge(number, unit)
    people.contact(number, unit, means="sms")
    people.wait_for("sla", "clock.met", number, kind="contact")
    people.settle()
    return number


def limits_pass_and_letters_follow(people: People, left_alone: list[str]) -> None:
    """Yellow, then red. One letter is signed, one declined, one voided: that reply was in time, its news came late."""
    signed, declined, answered = left_alone
    people.be_ahead(YELLOW)
    for number in left_alone:
        people.wait_for("sla", "clock.warned", number, kind="close")
    people.settle()
    people.be_ahead(ALMOST_RED)
    people.settle()
    silent = people.system.processes["dispatch-worker"]
    silent.stop()
    people.reply(answered, "C01")
    people.close_case(answered)
    people.be_ahead(RED)
    for number in left_alone:
        people.wait_for("notify", "letter.proposed", number)
    people.sign(people.letter(signed)["id"])
    people.decline(people.letter(declined)["id"], f"单位已与{NOTED}说明情况，不再警示。")
    silent.start()
    people.wait_for("sla", "clock.retracted", answered, kind="close")
    people.wait_for("notify", "letter.voided", answered, cause="retracted")
    people.wait_for("notify", "letter.issued", signed)
    people.wait_for("notify", "message.delivered", signed, template="letter")
    people.acknowledge_letter(people.letter(signed)["id"], "C01")
    people.settle()


@pytest.mark.parametrize(("producer", "type_"), TYPES, ids=[f"{producer}.{type_}" for producer, type_ in TYPES])
def test_every_type_of_event_is_published(story: Story, producer: str, type_: str) -> None:
    assert story.of(producer, type_), f"{producer} never said {type_}"


def test_letters_are_voided_by_a_leader_and_by_a_retraction(story: Story) -> None:
    assert {told.data["cause"] for told in story.of("notify", "letter.voided")} == {"declined", "retracted"}


def test_what_was_done_in_time_is_not_held_against_the_unit_when_its_news_comes_late(story: Story) -> None:
    retracted = story.of("sla", "clock.retracted")
    assert [told.data["kind"] for told in retracted] == ["close"]
    met = [
        told for told in story.of("sla", "clock.met") if told.case == retracted[0].case and told.data["kind"] == "close"
    ]
    assert [told.data["met_at"] <= told.data["due"] for told in met] == [True]


def test_every_subject_counts_its_events_without_a_hole(story: Story) -> None:
    counted = defaultdict(list)
    for told in story.events:
        counted[told.producer, told.subject].append(told.seq)
    holes = {subject: seqs for subject, seqs in counted.items() if seqs != list(range(1, len(seqs) + 1))}
    assert not holes


def test_every_event_fits_its_contract(story: Story) -> None:
    misfits = [
        f"{told.producer} {told.type} of {told.subject}: {error.message}"
        for told in story.events
        for error in recording.validator(told.producer, told.type).iter_errors(told.data)
    ]
    assert not misfits


def test_a_contract_would_refuse_what_does_not_fit(story: Story) -> None:
    told = story.of("sla", "clock.started")[0]
    for spoiled in ({"due": "soon"}, {"kind": "lunch"}, {"gen": None}):
        with pytest.raises(jsonschema.ValidationError):
            recording.validator("sla", "clock.started").validate({**told.data, **spoiled})


def test_events_say_nothing_of_who_wrote(story: Story) -> None:
    for told in story.events:
        header = headers(source_of("xinan", told.producer), told.row)
        assert_nobody_is_named(
            f"{told.type} of {told.subject}", json.dumps([header, told.row["body"]], ensure_ascii=False), story
        )


def test_no_log_says_who_wrote(story: Story) -> None:
    folders = (story.people.system.folder.path, story.people.system.servers.folder.logs)
    logs = [path for folder in folders for path in folder.rglob("*.log")]
    assert {f"{service}-{kind}.log" for service in SERVICES for kind in ("api", "worker")} <= {
        path.name for path in logs
    }
    for path in logs:
        assert_nobody_is_named(str(path), path.read_text(errors="replace"), story)


def test_no_metric_says_who_wrote(story: Story) -> None:
    for name, process in story.people.system.processes.all.items():
        status, page = process.ops("/metrics")
        assert status == 200
        assert_nobody_is_named(f"metrics of {name}", page, story)


@pytest.mark.parametrize("service", ["dispatch", "sla", "notify"])
def test_no_table_outside_intake_says_who_wrote(story: Story, service: str) -> None:
    kept = (NOTED, NOTED_WITH_SPACES) if service == "dispatch" else ()
    with story.people.databases[service].transaction() as tx:
        tables = tx.execute(
            text("select table_name from information_schema.tables where table_schema = 'public'")
        ).scalars()
        for table in list(tables):
            rows = tx.execute(text(f'select cast(t as text) from "{table}" as t')).scalars().all()
            assert_nobody_is_named(f"{table} of {service}", "\n".join(rows), story, but=kept)


def assert_nobody_is_named(where: str, content: str, story: Story, but: tuple[str, ...] = ()) -> None:
    """Neither in plain letters nor in the hexadecimal that a table shows of bytes."""
    codes = (receipt.query_code for receipt in story.people.receipts)
    for secret in {NAME, MOBILE, NOTED, NOTED_WITH_SPACES, *codes}.difference(but):
        for written in (secret, secret.encode().hex(), json.dumps(secret).strip('"')):
            assert written not in content, f"{where} says {secret}"


def test_the_story_is_recorded_in_the_contracts(story: Story) -> None:
    """RECORD=1 writes the examples; without it, they must be of the shape that the story publishes."""
    told = recording.examples(story.events, story.began)
    if os.environ.get("RECORD"):
        recording.write(CONTRACTS, told)
    recorded = recording.read(CONTRACTS)
    assert recorded.keys() == told.keys(), "an example is missing or left over: make record writes them again"
    changed = [name for name, example in told.items() if shape(example) != shape(recorded[name])]
    assert not changed, "the story publishes other fields than recorded: make record writes the examples again"


def shape(example: Mapping[str, Any]) -> Any:
    """The fields of an example and of what is nested in it, without their values."""
    return {name: shape(value) if isinstance(value, dict) else None for name, value in example.items()}
