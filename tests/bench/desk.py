"""How fast the desk and the wall open when 100,000 cases lie in dispatch's database.

    python tests/bench/desk.py --cases 100000 --open 5000

Starts a PostgreSQL cluster of its own (fsync on) unless `--url` names an empty database.
"""

import argparse
import functools
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from chassis.database import Database  # noqa: E402
from chassis.settings import DEVELOPMENT_ISSUER  # noqa: E402
from chassis.web.issuers import DevelopmentIssuer  # noqa: E402
from services.dispatch import api, commands, store  # noqa: E402
from services.dispatch.commands import files  # noqa: E402
from services.dispatch.domain.requests import CaseList, Search  # noqa: E402
from services.dispatch.settings import Settings  # noqa: E402
from tests.bench.ground import database  # noqa: E402

CENTRE = frozenset({"centre"})
UNIT = frozenset({"unit:C07"})
FIRST_PAGE = CaseList(sort="time_left")
say = functools.partial(print, flush=True)

# One matter in ten thousand words of its own kind, so that the search has something to tell apart.
FILL = text("""
    with c as (
        select i, 'XA2026' || lpad((1 + i / 100 % 12)\\:\\:text, 2, '0') || lpad(i\\:\\:text, 8, '0') as number,
               i > :count - :open as is_open, 'C' || lpad((1 + i % 21)\\:\\:text, 2, '0') as unit,
               (array['dispatched', 'acknowledged', 'handling', 'replied', 'waiting'])[1 + i % 5] as state
        from generate_series(1, :count) i
    ), filled as (
        insert into cases (number, state, version, revision, scopes, channel, kind, body, place, community, emergency,
            submitted_at, accepted_at, unit, unit_name, helpers, category, complexity, priority, sensitive, restricted,
            about, dispatched_at, round)
        select number, case when is_open then state else 'closed' end, 6, 8,
               array['centre', 'leader', 'supervisor', 'unit\\:' || unit], 'mailbox', 'complaint',
               (array['楼下餐馆油烟扰民', '路灯不亮', '电动车乱停乱放', '夜间施工噪音', '垃圾没有人清运'])[1 + i % 5]
                   || '，' || md5(i\\:\\:text) || '，请尽快处理，谢谢。',
               (array['灵芝地铁站', '宝民一路', '翻身路', '前进一路', '裕安二路'])[1 + i / 7 % 5] || i % 900 || '号',
               unit, false, now() - make_interval(mins => :count - i), now() - make_interval(mins => :count - i), unit,
               unit, '{}', '市容环卫', 'simple', false, false, false, '{}', now() - make_interval(mins => :count - i), 1
        from c
    )
    insert into standings (number, mark, clocks, close_due, next_due, next_kind)
    select number, case when not is_open then 'green' when i % 9 = 0 then 'yellow' when i % 31 = 0 then 'red' else 'none' end,
           '{}', null, case when is_open then now() + make_interval(mins => i % 4000 - 300) else 'infinity' end, 'close'
    from c
""")


TEXTS = text("""
    insert into case_texts
    select number, submitted_at, place, w.words,
           array(select distinct substr(w.words, i, 2) from generate_series(1, length(w.words) - 1) i)
    from cases, lateral (select replace(replace(body, '，', ''), '。', '') || place as words) w
""")


def _newest(tx: Connection) -> str:
    return str(tx.execute(text("select number from cases order by submitted_at desc limit 1")).scalar_one())


Question = Callable[[Connection], Any]
QUESTIONS: dict[str, Question] = {
    "the centre's desk, first page": lambda tx: store.page(tx, CENTRE, replace(FIRST_PAGE, open=True)),
    "the centre's queue (waiting)": lambda tx: store.page(tx, CENTRE, replace(FIRST_PAGE, state="waiting")),
    "a unit's desk, first page": lambda tx: store.page(tx, UNIT, replace(FIRST_PAGE, open=True)),
    "red alone": lambda tx: store.page(tx, CENTRE, replace(FIRST_PAGE, mark="red")),
    "one community, open": lambda tx: store.page(tx, CENTRE, replace(FIRST_PAGE, community="C07", open=True)),
    "one unit, every state": lambda tx: store.page(tx, CENTRE, replace(FIRST_PAGE, unit="C07")),
    "closed, by time left": lambda tx: store.page(tx, CENTRE, replace(FIRST_PAGE, state="closed")),
    "the tabs' numbers": lambda tx: store.count_open(tx, CENTRE),
    "the tabs' numbers of a unit": lambda tx: store.count_open(tx, UNIT),
    "search, a common word": lambda tx: store.search(tx, CENTRE, Search(words="油烟扰民", limit=50)),
    "search, two words and a state": lambda tx: store.search(
        tx, CENTRE, Search(words="路灯 翻身路", state="closed", limit=50)
    ),
    "search, a word nobody wrote": lambda tx: store.search(tx, CENTRE, Search(words="夜间油烟", limit=50)),
    "search of a unit": lambda tx: store.search(tx, UNIT, Search(words="噪音", limit=50)),
    "search, a number": lambda tx: store.search(tx, CENTRE, Search(words="", number="XA202603", limit=50)),
    "near cases": lambda tx: commands.near(tx, _newest(tx), CENTRE),
    "the wall's counts": lambda tx: store.wall(tx, CENTRE),
    "the wall's counts of a unit": lambda tx: store.wall(tx, UNIT),
}
PAGES = {
    "page /desk": ("/desk", "centre", None),
    "page /desk, all open": ("/desk?tab=all", "centre", None),
    "page /desk, answered": ("/desk?tab=replied", "centre", None),
    "page /desk, closed": ("/desk?tab=closed", "centre", None),
    "page /desk, one unit, all open": ("/desk?tab=all&unit=C07", "centre", None),
    "page /desk of a unit": ("/desk", "unit", "C07"),
    "page /desk of a unit, closed": ("/desk?tab=closed", "unit", "C07"),
    "page /wall": ("/wall", "centre", None),
    "page /wall of a unit": ("/wall", "unit", "C07"),
}


@contextmanager
def browsers(opened: Database) -> Iterator[Callable[[str, str, str | None], Callable[[], int]]]:
    """What asks for a page as an officer's browser does, through the whole front door."""
    issuer = DevelopmentIssuer.new()
    with tempfile.TemporaryDirectory() as path:
        (keys := Path(path) / "jwks.json").write_text(issuer.jwks)
        url = opened.engine.url.render_as_string(hide_password=False)
        app = api.create_app(
            Settings(profile="dev", database_url=url, jwks=str(keys), token_issuer=DEVELOPMENT_ISSUER), opened
        )

        def ask(address: str, role: str, unit: str | None) -> Callable[[], int]:
            client = app.test_client()
            client.set_cookie("lianxin_token", issuer.token("bench", role, unit=unit))
            return lambda: client.get(address).status_code

        yield ask


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--cases", type=int, default=100_000)
    asked.add_argument("--open", type=int, default=5_000)
    asked.add_argument("--times", type=int, default=20)
    asked.add_argument("--url")
    options = asked.parse_args()
    with database("dispatch", options.url) as opened:
        with opened.transaction() as tx:
            tx.execute(text("set local statement_timeout = 0"))
            commands.load_organisation(tx, files.organisation(ROOT / "services/dispatch/data/organisation.demo.json"))
            tx.execute(FILL, {"count": options.cases, "open": options.open})
            tx.execute(TEXTS)
        with opened.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as own:
            own.execute(text("set statement_timeout = 0"))
            own.execute(text("vacuum analyze"))
        say(f"{options.cases} cases, {options.open} of them open; milliseconds, median and worst of {options.times}")
        for name, question in QUESTIONS.items():
            taken = [_milliseconds(opened, question) for _ in range(options.times)]
            say(f"{name:32} {statistics.median(taken):8.1f} {max(taken):8.1f}")
        with browsers(opened) as ask:
            for name, asked_for in PAGES.items():
                get = ask(*asked_for)
                taken = [_seconds_of(get) * 1000 for _ in range(options.times)]
                say(f"{name:32} {statistics.median(taken):8.1f} {max(taken):8.1f}")
        opened.close()


def _seconds_of(get: Callable[[], int]) -> float:
    began = time.perf_counter()
    assert get() == 200
    return time.perf_counter() - began


def _milliseconds(opened: Database, question: Question) -> float:
    began = time.perf_counter()
    with opened.transaction() as tx:
        question(tx)
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
