"""The demo on a running system, then damaged on purpose: the separate checker sees it, and the demo fails."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psycopg2
import pytest

from deploy.demo.__main__ import SETTINGS as DEMO_SETTINGS
from deploy.demo.__main__ import settle
from deploy.demo.limits import limits
from deploy.demo.outside import outsiders
from deploy.demo.play import SHIPPED, Play
from deploy.demo.scenes import broken_broker, metro_exit
from deploy.demo.stage import Stage
from deploy.demo.story import Story
from deploy.system.testbed import SystemUnderTest
from services import SERVICES

pytestmark = pytest.mark.long
SETTINGS = DEMO_SETTINGS
LETTERS, LEFT_ALONE = 8, 2

Damage = Callable[[Play], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def play(system: SystemUnderTest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    """Eight letters and two cases left alone, played to the end; the broker belongs to others and is not killed."""
    file = tmp_path_factory.mktemp("letters") / "letters.jsonl"
    file.write_text("".join(SHIPPED.read_text(encoding="utf-8").splitlines(keepends=True)[:LETTERS]), encoding="utf-8")
    stage = Stage(
        run=system.folder.path,
        origin=system.url,
        databases=system.environment.databases,
        token=system.token,
        environments={service: system.environment.of(service) for service in SERVICES},
        traffic_uri=system.vhost.uri("traffic"),
        kill_broker=None,
        start_broker=lambda: None,
    )
    with Play(stage, Story(), file, LEFT_ALONE, seed=1) as played:
        metro_exit(played)
        broken_broker(played)
        limits(played)
        played.come_to_rest(60)
        played.officers.stop()
        yield played


def verdict(play: Play) -> dict[str, int]:
    summary = json.loads((play.folder / "summary.json").read_text(encoding="utf-8"))
    return {name: summary[name] for name in ("lost", "doubled")}


@pytest.mark.timeout(300)
def test_the_whole_story_ends_with_accounts_in_order(play: Play) -> None:
    outsiders(play)
    assert settle(play, 1.0) == 0
    summary = json.loads((play.folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["read"] == summary["submitted"] == summary["accepted"] == summary["closed"] == LETTERS
    assert summary["breached"] == summary["proposed"] == summary["letters"] == summary["left_alone"] == LEFT_ALONE
    assert summary["breached_by_clock"] == {"accept": 0, "dispatch": 0, "contact": 0, "close": LEFT_ALONE}
    assert list(summary) == [
        "read", "submitted", "refused_by_validation", "accepted", "dispatched", "dispatched_automatically", "closed",
        "warned", "breached", "breached_by_clock", "proposed", "letters", "left_alone", "sms", "lost", "doubled", "seconds",
    ]  # fmt: skip


@contextmanager
def sql(play: Play, service: str, break_it: str, mend_it: str) -> Iterator[None]:
    """Breaks a database and mends it afterwards, as the service's own role; constraints stay as they are."""

    def run(statement: str) -> None:
        connection = psycopg2.connect(play.stage.databases[service])
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
        connection.close()

    run(break_it)
    yield
    run(mend_it)


@contextmanager
def moved(table: str, condition: str, play: Play, service: str) -> Iterator[None]:
    """Rows taken out of a table and put back."""
    out = f"create table taken as select * from {table} where {condition}; delete from {table} where {condition}"
    back = f"insert into {table} overriding system value select * from taken; drop table taken"
    with sql(play, service, out, back):
        yield


def first_case(play: Play) -> str:
    return next(each.number for each in play.residents.posted if each.number)


@contextmanager
def deleted_case(play: Play) -> Iterator[None]:
    number = f"number = '{first_case(play)}'"
    out = (
        f"create table who as select * from identities where {number}; delete from identities where {number};"
        f"create table taken as select * from cases where {number}; delete from cases where {number}"
    )
    back = "insert into cases select * from taken; insert into identities select * from who; drop table taken, who"
    with sql(play, "intake", out, back):
        yield


@contextmanager
def changed_text(play: Play) -> Iterator[None]:
    number = f"number = '{first_case(play)}'"
    shorter = f"update cases set description = description || '！' where {number}"
    with sql(play, "intake", shorter, f"update cases set description = left(description, -1) where {number}"):
        yield


@contextmanager
def unread_event(play: Play) -> Iterator[None]:
    renamed = "update seen set subject = 'X' || subject where subject = '{}'"
    number = first_case(play)
    with sql(play, "sla", renamed.format(number), f"update seen set subject = '{number}' where subject = 'X{number}'"):
        yield


@contextmanager
def repeated_sms(play: Play) -> Iterator[None]:
    ledger = play.stage.run / "sms.jsonl"
    whole = ledger.read_bytes()
    ledger.write_bytes(whole + whole.splitlines(keepends=True)[0])
    yield
    ledger.write_bytes(whole)


@contextmanager
def lost_sms(play: Play) -> Iterator[None]:
    ledger = play.stage.run / "sms.jsonl"
    whole = ledger.read_bytes()
    ledger.write_bytes(b"".join(whole.splitlines(keepends=True)[1:]))
    yield
    ledger.write_bytes(whole)


def papers(play: Play) -> list[Path]:
    return sorted((play.stage.run / "letters").rglob("*.pdf"))


@contextmanager
def repeated_letter(play: Play) -> Iterator[None]:
    copy = papers(play)[0].with_name("copy.pdf")
    shutil.copy(papers(play)[0], copy)
    yield
    copy.unlink()


@contextmanager
def lost_letter(play: Play) -> Iterator[None]:
    paper = papers(play)[0]
    hidden = paper.rename(paper.with_suffix(".hidden"))
    yield
    hidden.rename(paper)


@contextmanager
def untold_resident(play: Play) -> Iterator[None]:
    with moved("messages", f"case_number = '{first_case(play)}' and template = 'closed'", play, "notify"):
        yield


@contextmanager
def untold_event(play: Play) -> Iterator[None]:
    with moved("event_log", f"subject = '{first_case(play)}' and type = 'case.replied'", play, "dispatch"):
        yield


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        (deleted_case, "lost"),
        (changed_text, "lost"),
        (unread_event, "lost"),
        (repeated_sms, "doubled"),
        (lost_sms, "lost"),
        (repeated_letter, "doubled"),
        (lost_letter, "lost"),
        (untold_resident, "lost"),
        (untold_event, "lost"),
    ],
)
@pytest.mark.timeout(300)
def test_damage_fails_the_demo(play: Play, damage: Damage, kind: str) -> None:
    with damage(play):
        assert settle(play, 1.0) == 1
        assert verdict(play)[kind] > 0


def test_with_all_damage_mended_the_accounts_are_in_order_again(play: Play) -> None:
    assert settle(play, 1.0) == 0
