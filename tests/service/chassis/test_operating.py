"""What an operator sees and decides, through the command line, on a real database and broker."""

import json
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from chassis.database import Database
from chassis.delivery.broker import connect, drop
from chassis.delivery.inbox import receive
from chassis.delivery.retrier import replay_one
from chassis.operating import process
from chassis.settings import Settings
from deploy.system.testbed import Servers, Vhost
from tests.service.chassis.counting import ADDER, SUBSCRIPTION, added, totals
from tests.support.clock import move_clock
from tests.support.events import message

Command = Callable[..., tuple[int, str]]


@pytest.fixture
def command(counter: Database, capsys: pytest.CaptureFixture[str]) -> Command:
    """`command("aside", "list")`: exit code and what was printed, on the counter's database."""
    url = counter.engine.url.render_as_string(hide_password=False)

    def run(*arguments: str, amqp_uri: str = "", database_url: str = url) -> tuple[int, str]:
        settings = Settings(profile="dev", database_url=database_url, amqp_uri=amqp_uri)
        service = process.Service("sla", lambda: settings, None, "", Path())  # type: ignore[arg-type]
        capsys.readouterr()
        code = process.main(service, arguments)
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run


def fail(counter: Database, *subjects: str) -> None:
    """Events of the subjects: one that can't be added, and two behind it."""
    heard = [message(added(s, seq, number), ADDER) for s in subjects for seq, number in ((1, 13), (2, 4), (3, 5))]
    receive(counter, SUBSCRIPTION, heard)


def park(counter: Database) -> None:
    with counter.transaction() as tx:
        tx.execute(text("update aside set parked_at = clock_now(), attempts = 4 where seq = 1"))


def ids(counter: Database) -> list[int]:
    with counter.transaction() as tx:
        return list(tx.execute(text("select id from aside order by id")).scalars())


def test_the_status_is_one_line_a_thing_and_asks_the_broker(command: Command, vhost: Vhost) -> None:
    code, shown = command("status", amqp_uri=vhost.uri("sla"))
    assert code == 1, "nobody reads the inbox"
    assert [line.split()[-7:] for line in shown.splitlines() if "queue" in line] == [
        ["0", "events", "wait", "and", "nobody", "reads", "docs/runbooks/inbox-growing.md"]
    ]
    connection = connect(vhost.uri("sla"), "test")
    connection.channel().basic_consume("sla.inbox")
    code, shown = command("status", amqp_uri=vhost.uri("sla"))
    drop(connection)
    assert (code, [line for line in shown.splitlines() if " . ok " not in line]) == (0, [])


def test_a_broker_and_a_database_that_are_away_are_answers(command: Command) -> None:
    code, printed = command("status", "--json", amqp_uri="amqp://nobody:nothing@127.0.0.1:1/%2F")
    assert (code, json.loads(printed)["queue"]["answer"]) == (1, "broker away")
    code, printed = command("status", "--json", database_url="postgresql://nobody@127.0.0.1:1/none")
    known = json.loads(printed)
    assert (code, known["database"], known["outbox"], known["verdict"]) == (1, "away", None, "act")


def test_a_lost_inbox_is_an_answer(command: Command, servers: Servers, vhost: Vhost) -> None:
    servers.rabbit.api("DELETE", f"/queues/{vhost.name}/sla.inbox")
    assert json.loads(command("status", "--json", amqp_uri=vhost.uri("sla"))[1])["queue"]["answer"] == "queue missing"


def test_the_shape_for_scripts_is_stable(command: Command) -> None:
    known: dict[str, Any] = json.loads(command("status", "--json")[1])
    assert sorted(known) == sorted(
        ["service", "time", "database", "verdict", "outbox", "halted", "aside", "queue", "lines"]
    )
    assert sorted(known["outbox"]) == ["held", "oldest_seconds", "rows"]
    assert sorted(known["aside"]) == ["behind_parked", "parked", "parked_subjects", "waiting"]
    assert sorted(known["queue"]) == ["answer", "name", "readers", "ready"]
    assert [sorted(line) for line in known["lines"]] == [["runbook", "says", "verdict", "what"]] * 6


def test_parked_subjects_are_counted_with_all_that_waits_behind(command: Command, counter: Database) -> None:
    fail(counter, "a", "b")
    park(counter)
    known = json.loads(command("status", "--json")[1])
    assert known["aside"] == {"waiting": 4, "parked": 2, "parked_subjects": 2, "behind_parked": 6}
    assert [line["says"] for line in known["lines"] if line["what"] == "parked"] == ["2 subjects, 6 events with them"]


def test_what_is_aside_is_a_table_that_says_what_each_row_waits_for(command: Command, counter: Database) -> None:
    fail(counter, "a")
    park(counter)
    first, second, third = ids(counter)
    code, shown = command("aside", "list")
    rows = [line.split() for line in shown.splitlines()]
    assert (code, rows[0][:5]) == (0, ["id", "source", "subject", "type", "seq"])
    assert [row[0] for row in rows[1:]] == [str(first), str(second), str(third)]
    assert "parked" in rows[1] and f"behind {first}" in shown.splitlines()[2]
    assert [json.loads(line)["seq"] for line in command("aside", "list", "--json")[1].splitlines()] == [1, 2, 3]
    assert command("aside", "list", "--subject", "b")[1] == "no event is aside\n"


@pytest.mark.parametrize("how", ["id", "subject", "all"])
def test_a_parked_subject_is_replayed_whole(command: Command, counter: Database, how: str) -> None:
    fail(counter, "a", "b")
    park(counter)
    asked = {"id": (str(ids(counter)[1]),), "subject": ("--subject", "a"), "all": ("--all",)}[how]
    code, said = command("aside", "replay", *asked)
    assert (code, said.split()[:2]) == (0, ["replay:", "6" if how == "all" else "3"])
    with counter.transaction() as tx:
        tx.execute(text("update aside set body = '{\"number\": 1}' where seq = 1"))
    for _ in range(3 * (2 if how == "all" else 1)):
        assert replay_one(counter, SUBSCRIPTION)
    assert totals(counter) == ({"a": 10, "b": 10} if how == "all" else {"a": 10})


def test_a_replay_must_say_of_what(command: Command) -> None:
    assert command("aside", "replay") == (2, "aside replay needs the number of a row, or --subject, or --all\n")
    assert command("aside", "replay", "7", "--all")[0] == 2
    assert command("aside", "replay", "7") == (1, "no event 7 is aside\n")
    assert command("aside", "replay", "--all") == (0, "no event at all is aside\n")


def test_a_skipped_event_is_kept_with_who_and_why(command: Command, counter: Database) -> None:
    fail(counter, "a")
    first = str(ids(counter)[0])
    assert command("aside", "skip", first) == (2, "aside skip needs --reason\n")
    assert command("aside", "skip", first, "--reason", "  ")[0] == 2
    assert command("aside", "skip", first, "--reason", "told by hand", "--by", "night watch")[0] == 0
    assert command("aside", "skip", first, "--reason", "told by hand") == (1, f"no event {first} is aside\n")
    (kept,) = [json.loads(line) for line in command("aside", "skipped", "--json")[1].splitlines()]
    assert (kept["id"], kept["reason"], kept["skipped_by"]) == (int(first), "told by hand", "night watch")
    move_clock(counter, timedelta(seconds=2))
    assert replay_one(counter, SUBSCRIPTION) and replay_one(counter, SUBSCRIPTION)
    assert totals(counter) == {"a": 9}


def test_the_person_is_known_without_being_asked(command: Command, counter: Database) -> None:
    fail(counter, "a")
    os.environ["SUDO_USER"] = "lianxin-operator"
    try:
        command("aside", "skip", str(ids(counter)[0]), "--reason", "told by hand")
    finally:
        del os.environ["SUDO_USER"]
    assert "lianxin-operator" in command("aside", "skipped")[1]


def hold(database: Database) -> None:
    """Two held subjects with one event behind each."""
    with database.transaction() as tx:
        for subject in ("a", "b"):
            for seq in (1, 2):
                tx.execute(
                    text("""
                        insert into outbox (type, subject, seq, epoch, partitionkey, body, held, held_because)
                        values ('added', :subject, :seq, 1, :subject, '{}', :seq = 1, 'no queue is bound')
                    """),
                    {"subject": subject, "seq": seq},
                )


def test_held_events_are_listed_with_what_waits_behind_and_released_by_one_or_all(
    command: Command, counter: Database
) -> None:
    assert command("outbox", "list") == (0, "no event is held; 0 wait to be published\n")
    hold(counter)
    listed = [json.loads(line) for line in command("outbox", "list", "--json")[1].splitlines()]
    assert [(row["subject"], row["seq"], row["behind"], row["reason"]) for row in listed] == [
        ("a", 1, 1, "no queue is bound"),
        ("b", 1, 1, "no queue is bound"),
    ]
    assert command("outbox", "release", str(listed[0]["id"]))[0] == 0
    assert command("outbox", "release", str(listed[0]["id"])) == (1, "none held\n")
    assert len(command("outbox", "list", "--json")[1].splitlines()) == 1
    assert command("outbox", "release")[1].startswith("release: 1 held events")
    assert command("outbox", "list")[1] == "no event is held; 4 wait to be published\n"
