"""Revisions of the databases only add: the last release's code goes on working on what they leave."""

from pathlib import Path

import pytest

from chassis import migrations
from deploy.machine.folder import ROOT
from deploy.machine.trouble import Trouble
from deploy.release import additive
from deploy.release.last import Release, last
from services import SERVICES

TAKES_AWAY = {
    "drop table work": "ban-drop-table",
    "alter table work drop column note": "ban-drop-column",
    "alter table work rename column note to remark": "renaming-column",
    "alter table work rename to works": "renaming-table",
    "alter table work alter column id type bigint": "changing-column-type",
    "alter type mark rename value 'red' to 'late'": "renaming-object",
    "drop function clock_now()": "ban-drop-function",
    "drop view open_work": "ban-drop-view",
    "drop trigger masked on work": "takes away",
    "delete from work": "takes away",
    "truncate work": "takes away",
}
OBLIGES = {
    "alter table work add column who text not null": "adding-required-field",
    "alter table work alter column note set not null": "adding-not-nullable-field",
    "alter table work alter column note drop not null": "ban-drop-not-null",
    "alter table work add constraint one unique (note)": "disallowed-unique-constraint",
    "alter table work alter column note drop default": "ban-drop-default",
}
LOCKS = {
    "create index work_by_note on work (note)": "require-concurrent-index-creation",
    "create index concurrently work_by_note on work (note)": "ban-concurrent-index-creation-in-transaction",
    "drop index work_by_note": "require-concurrent-index-deletion",
    "alter table work add constraint some check (note <> '')": "constraint-missing-not-valid",
    "create table wrok (": "syntax-error",
}
ADDS = (
    "create table more (id integer primary key); create index more_by_id on more (id)",
    "alter table work add column who text",
    "alter table work add column who text not null default ''",
    "alter type mark add value 'amber' before 'red'",
    "update work set note = '' where note is null",
    "create function later() returns timestamptz language sql stable as $$ select now() $$",
    "drop table work -- squawk-ignore ban-drop-table\n",
)


@pytest.mark.parametrize(("sql", "rule"), [*TAKES_AWAY.items(), *OBLIGES.items(), *LOCKS.items()])
def test_what_the_code_before_would_miss_or_stand_still_for_is_found(sql: str, rule: str) -> None:
    assert any(rule in line for line in additive.objections(f"begin;\n{sql};\ncommit;\n"))


@pytest.mark.parametrize("sql", ADDS)
def test_what_only_adds_is_no_objection(sql: str) -> None:
    assert additive.objections(f"begin;\n{sql};\ncommit;\n") == []


def test_an_index_made_outside_a_transaction_is_no_objection() -> None:
    sql = "begin;\nselect 1;\ncommit;\ncreate index concurrently work_by_note on work (note);\n"
    assert additive.objections(sql) == []


@pytest.mark.parametrize("service", SERVICES)
def test_revisions_since_the_last_release_only_add(service: str) -> None:
    folder = ROOT / "services" / service / "migrations"
    assert additive.objections(migrations.sql(folder, newest_then(last(), service))) == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_released_revision_is_as_it_was(service: str) -> None:
    """Databases that have it would never get what is added to it later."""
    release = last()
    released = release.files(f"services/{service}/migrations/versions") + release.files("chassis/sql")
    changed = [path for path in released if (ROOT / path).read_text(encoding="utf-8") != release.text(path)]
    assert changed == []


def newest_then(release: Release, service: str) -> str:
    """The revision a service's database had then."""
    names = [Path(path).name for path in release.files(f"services/{service}/migrations/versions")]
    return max(name.partition("_")[0] for name in names if name.endswith(".py"))


def test_a_clone_without_history_is_told_how_to_get_it(tmp_path: Path) -> None:
    release = Release("0.0.9", "0" * 40, ROOT)
    with pytest.raises(Trouble, match=r"release 0\.0\.9 \(commit 0{12}\) is not in .*; fetch the whole history"):
        release.files("contracts")
    with pytest.raises(Trouble, match="not a git repository"):
        Release("0.0.9", "0" * 40, tmp_path).unpack(tmp_path)
