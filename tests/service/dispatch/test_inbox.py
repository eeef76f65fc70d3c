"""What dispatch makes of intake's events, in any order, any batches and any number of repeats."""

import json
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event, text

from chassis.database import Database
from chassis.delivery.envelope import Message
from services.dispatch import store
from tests.service.dispatch.office import METRO, STALLS, Intake, Office
from tests.support.events import message, published

NUMBER = "XA20261124000001"
STATED = {
    "accepted_at": "2026-11-23T01:00:00Z",
    "dispatched_at": "2026-11-23T02:00:00Z",
    "contacted_at": "2026-11-23T09:30:00Z",
    "unit": "O03",
    "complexity": "complex",
}


def events_of(office: Office, number: str) -> list[Mapping[str, Any]]:
    return [row for row in published(office.database) if row["subject"] == number]


def test_an_accepted_letter_is_studied_and_sent_to_its_unit_in_one_batch(office: Office) -> None:
    office.take_in(Intake(NUMBER))
    triaged, dispatched = events_of(office, NUMBER)
    assert (triaged["type"], triaged["seq"], dispatched["type"], dispatched["seq"]) == (
        "case.triaged",
        1,
        "case.dispatched",
        2,
    )
    body = json.loads(dispatched["body"])
    assert body["unit"] == "C01"
    assert body["unit_name"] == "宝民社区"
    assert body["helpers"] == ["O02", "T01"]
    assert (body["state"], body["category"], body["complexity"], body["round"]) == (
        "dispatched",
        "市容环卫",
        "simple",
        1,
    )
    assert (body["dispatched_by"], body["imported"], body["restricted"]) == ("rule", False, False)
    assert body["at"] == body["dispatched_at"]
    assert body["acknowledged_at"] is None
    assert json.loads(triaged["body"])["automatic"] is True


def test_a_letter_not_yet_accepted_is_seen_by_nobody_and_told_to_nobody(office: Office) -> None:
    office.receive(message(Intake(NUMBER).submitted, "intake"))
    assert events_of(office, NUMBER) == []
    assert office.get(f"/cases/{NUMBER}").status_code == 404
    assert office.get("/cases").json == {"cases": [], "next": None}


def test_a_refused_letter_never_reaches_the_queue(office: Office) -> None:
    letter = Intake(NUMBER)
    office.receive(message(letter.submitted, "intake"), message(letter.refused, "intake"))
    assert events_of(office, NUMBER) == []
    assert office.get("/cases").json["cases"] == []


def test_what_the_rule_is_not_sure_of_waits_for_the_centre_with_a_suggestion(office: Office) -> None:
    office.take_in(Intake(NUMBER, text=STALLS))
    [triaged] = events_of(office, NUMBER)
    assert triaged["type"] == "case.triaged"
    [waiting] = office.get("/cases?state=waiting").json["cases"]
    assert (waiting["number"], waiting["suggestion"], waiting["legal"]) == (NUMBER, "O10", ["dispatch", "merge"])
    assert "有多个可能的主办单位" in waiting["rule"]


def test_an_emergency_waits_for_the_centre(office: Office) -> None:
    office.take_in(Intake(NUMBER, emergency=True))
    assert [row["type"] for row in events_of(office, NUMBER)] == ["case.triaged"]


def test_a_letter_about_a_unit_is_restricted_also_on_the_bus(office: Office) -> None:
    office.take_in(Intake(NUMBER, text=METRO + "城管队员收钱不办事。"))
    [triaged] = events_of(office, NUMBER)
    assert triaged["restricted"] is True
    assert json.loads(triaged["body"])["restricted"] is True


def test_an_imported_case_is_recorded_as_stated_and_not_studied(office: Office) -> None:
    office.take_in(Intake(NUMBER, imported=STATED))
    dispatched, contacted = events_of(office, NUMBER)
    assert (dispatched["type"], contacted["type"]) == ("case.dispatched", "case.contacted")
    body = json.loads(dispatched["body"])
    assert (body["at"], body["dispatched_by"], body["imported"]) == ("2026-11-23T02:00:00Z", "import", True)
    assert (body["unit"], body["unit_name"], body["complexity"]) == ("O03", "城市建设办公室", "complex")
    assert json.loads(contacted["body"])["at"] == "2026-11-23T09:30:00Z"
    seen = office.get(f"/cases/{NUMBER}", "unit", "O03").json
    assert (seen["state"], seen["legal"]) == ("handling", ["handler", "merge", "reply", "work"])


def test_an_imported_case_without_contact_waits_for_its_unit(office: Office) -> None:
    office.take_in(Intake(NUMBER, imported={**STATED, "contacted_at": None}))
    assert [row["type"] for row in events_of(office, NUMBER)] == ["case.dispatched"]
    assert office.get(f"/cases/{NUMBER}").json["state"] == "dispatched"


def test_fields_nobody_here_knows_are_ignored(office: Office) -> None:
    letter = Intake(NUMBER)
    office.receive(*(message(d, "intake", extra={"mood": "?"}) for d in (letter.submitted, letter.accepted)))
    assert len(events_of(office, NUMBER)) == 2


def test_an_event_that_can_not_be_read_holds_only_its_own_case(office: Office) -> None:
    bad = Intake("XA20261124000002", imported={**STATED, "complexity": "odd"})
    office.take_in(Intake(NUMBER), bad, Intake("XA20261124000003"))
    assert len(events_of(office, NUMBER)) == len(events_of(office, "XA20261124000003")) == 2
    assert events_of(office, bad.number) == []
    with office.database.transaction() as tx:
        aside = tx.execute(text("select distinct subject from aside")).scalars().all()
    assert aside == [bad.number]
    assert [line["subject"] for line in office.said if line["event"] == "event put aside"] == [bad.number]


def letters() -> list[Intake]:
    kinds: list[dict[str, Any]] = [
        {},
        {"text": STALLS},
        {"text": METRO + "城管队员收钱不办事。"},
        {"emergency": True},
        {"imported": STATED},
        {"text": "你好", "community": None},
    ]
    return [Intake(f"XA2026112400{i:04d}", **kind) for i, kind in enumerate(kinds)]


def result(office: Office) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """Every case and its events, without the moments that differ from run to run."""
    with office.database.transaction() as tx:
        rows = tx.execute(text("select * from cases order by number")).mappings().all()
    cases = {row["number"]: {k: v for k, v in row.items() if k not in ("dispatched_at", "sent_at")} for row in rows}
    told: dict[str, list[Any]] = {}
    for row in published(office.database):
        if row["subject"].startswith("XA"):
            told.setdefault(row["subject"], []).append((row["type"], row["seq"], row["restricted"]))
    return cases, told


@pytest.mark.parametrize("seed", range(6))
def test_any_interleaving_any_batches_and_any_repeats_give_the_same_cases(office: Office, seed: int) -> None:
    in_order = [each for letter in letters() for each in letter.messages()]
    office.receive(*in_order)
    expected = result(office)
    with office.database.transaction() as tx:
        tx.execute(
            text("truncate cases, work_log, work_entries, case_texts, supplements, standings, seen, outbox, aside")
        )
    for batch in batches(shuffled(seed), seed):
        office.receive(*batch)
    assert result(office) == expected


def shuffled(seed: int) -> list[Message]:
    """Everything at least once, some again and late, each case's own first arrivals in order."""
    chance = random.Random(seed)
    queues = [letter.messages() for letter in letters()]
    arrived: list[Message] = []
    while any(queues):
        arrived.append(chance.choice([q for q in queues if q]).pop(0))
        arrived += chance.sample(arrived, chance.randint(0, min(2, len(arrived))))
    return arrived


def batches(messages: list[Message], seed: int) -> Iterator[list[Message]]:
    chance = random.Random(seed)
    while messages:
        size = chance.randint(1, 9)
        yield messages[:size]
        messages = messages[size:]


def test_an_acceptance_that_overtakes_its_letter_is_not_lost(office: Office) -> None:
    """Only an operator's `aside skip` and a later replay can do this; the result is the same."""
    letter, other = Intake(NUMBER), Intake("XA20261124000002")
    office.take_in(letter)
    first, second = other.submitted, other.accepted
    office.receive(message(second, "intake"))
    assert office.get(f"/cases/{other.number}").json["state"] == "waiting"
    office.receive(message(first, "intake", epoch=2))
    assert [row["type"] for row in events_of(office, other.number)] == ["case.triaged", "case.dispatched"]
    assert office.get(f"/cases/{other.number}").json["state"] == "dispatched"


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield seen
    event.remove(database.engine, "before_cursor_execute", note)


def test_a_batch_of_fifty_takes_as_many_statements_as_a_batch_of_one(office: Office) -> None:
    office.take_in(Intake("XA20261123000001"))  # the reference data is read once per edition
    counts = []
    for size in (1, 50):
        letters = [Intake(f"XA2026112{size % 10}{i:06d}") for i in range(size)]
        supplements = [message(letter.supplemented("又看到一次。"), "intake") for letter in letters]
        with statements(office.database) as seen:
            office.receive(*(each for letter in letters for each in letter.messages()), *supplements)
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_a_new_edition_is_used_from_the_next_batch_on(office: Office) -> None:
    with office.database.transaction() as tx:
        store.lock_editions(tx, change=True)
        units = store.organisation(tx).units
        store.save_units(tx, [replace(units["C01"], active=False)])
        store.renew_edition(tx, "organisation", "without C01")
    office.take_in(Intake(NUMBER))
    assert office.get(f"/cases/{NUMBER}").json["state"] == "waiting"
