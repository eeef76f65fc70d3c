"""How late clocks fire, how fast a backlog is fired, and what an empty look costs.

    python tests/bench/clocks.py --armed 1000000

Starts a PostgreSQL cluster of its own (fsync on) unless `--url` names an empty database whose user may create types.
Floors and goals are the design's section 7.
"""

import argparse
import functools
import statistics
import sys
import threading
import time
from pathlib import Path

from sqlalchemy import TextClause, text

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from chassis.database import Database  # noqa: E402
from services.sla import store  # noqa: E402
from services.sla.commands import Firing  # noqa: E402
from services.sla.domain.sweep import BATCH, Sweep  # noqa: E402
from services.sla.store.claim import LOOK  # noqa: E402
from tests.bench.ground import database  # noqa: E402

IDLE_SECONDS = 0.025
say = functools.partial(print, flush=True)

ARM = text("""
    with armed as (
        select :prefix || lpad(i::text, 8, '0') as number,
               cast(:due as timestamptz) + i * make_interval(secs => cast(:step as float8)) as due
        from generate_series(1, :count) i
    ), c as (
        insert into cases (number, version, submitted_at, accepted_at, state, unit, unit_name, complexity, dispatched_at,
                           risk_mark, time_mark, mark, reason, nearest, due, scopes)
        select number, 8, due - interval '25 hours', due - interval '24.5 hours', 'handling', 'C07', '乐民社区', 'simple',
               due - interval '24 hours', 'none', 'yellow', 'yellow', 'time', 'close', due, '{centre,unit:C07}'
        from armed
    )
    insert into clocks (number, kind, gen, rule, rule_version, started_at, warn_at, due, letter_after, status, warned_at,
                        next_at)
    select number, 'close', 1, 'close-simple', 1, due - interval '24 hours', due - interval '6 hours', due, 0, 'warned',
           due - interval '6 hours', due
    from armed
""")


def run(db: Database, sql: TextClause, **values: object) -> None:
    with db.transaction() as tx:
        tx.execute(text("set local statement_timeout = '10min'"))
        tx.execute(sql, values)


def arm(db: Database, count: int, due: str, step: float, prefix: str) -> None:
    run(db, ARM, count=count, due=due, step=step, prefix=prefix)


def tidy(db: Database) -> None:
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as free:
        free.execute(text("set statement_timeout = '10min'"))
        for table in ("cases", "clocks", "firings", "outbox"):
            free.execute(text(f"vacuum analyze {table}"))


def stay_caught_up(db: Database) -> None:
    run(db, text("update progress set caught_up_at = clock_now() + interval '1 hour'"))


def empty_look(db: Database, rounds: int = 300) -> tuple[float, float]:
    """Median milliseconds of one look at clocks that are not due: in the server, and with the round trip."""
    seen, in_server = [], []
    with db.transaction() as tx:
        for _ in range(rounds):
            began = time.perf_counter()
            store.look(tx, None)
            seen.append(time.perf_counter() - began)
            plan = tx.execute(text(f"explain (analyze, timing off, format json) {LOOK.text}"), {"floor": "-infinity"})
            in_server.append(plan.scalar_one()[0]["Execution Time"])
    return statistics.median(in_server), statistics.median(seen) * 1000


def lateness(db: Database, per_second: int, seconds: int) -> tuple[float, float, float]:
    """p50, p99 and worst milliseconds from due to after the commit."""
    soon = time.time() + 1
    arm(db, per_second * seconds, f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(soon))}Z", 1 / per_second, "L")
    firing, late = Recording(db), []
    while len(late) < per_second * seconds and time.time() < soon + seconds + 5:
        late += firing.turn()
        time.sleep(IDLE_SECONDS)
    late.sort()
    return late[len(late) // 2] * 1000, late[int(len(late) * 0.99)] * 1000, late[-1] * 1000


class Recording:
    """One worker's firing, with each clock's lateness counted up to the commit."""

    def __init__(self, db: Database) -> None:
        self.db, self.sweep = db, Sweep()

    def turn(self) -> list[float]:
        began = time.perf_counter()
        with self.db.transaction() as tx:
            outlook = store.look(tx, self.sweep.floor)
            fired = store.fire(tx, self.sweep.floor, BATCH) if outlook.due else None
        self.sweep = self.sweep.after_rest(outlook.now)
        taken = time.perf_counter() - began
        return [seconds + taken for seconds in fired.lateness] if fired else []


def backlog(db: Database, count: int, workers: int, prefix: str) -> float:
    """Breaches fired in a second from `count` that are due at once."""
    arm(db, count, "2026-01-01T00:00:00Z", 0.001, prefix)
    tidy(db)
    threads = [threading.Thread(target=_drain, args=(db,)) for _ in range(workers)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = time.perf_counter() - began
    with db.transaction() as tx:
        fired = tx.execute(text("select count(*) from firings where number like :p"), {"p": prefix + "%"}).scalar_one()
    assert fired == count, f"{fired} of {count} fired"
    return count / taken


def _drain(db: Database) -> None:
    firing = Firing()
    while firing.turn(db) or firing.sweep.floor is None:
        pass


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--armed", type=int, default=1_000_000)
    options.add_argument("--backlog", type=int, default=100_000)
    options.add_argument("--url", default=None)
    chosen = options.parse_args()
    with database("sla", chosen.url) as db:
        began = time.perf_counter()
        arm(db, chosen.armed, "2027-06-01T00:00:00Z", 1.0, "A")
        stay_caught_up(db)
        tidy(db)
        say(f"armed {chosen.armed:,} in {time.perf_counter() - began:.1f} s")
        server, seen = empty_look(db)
        say(f"empty look             {server:8.3f} ms in the server, {seen:.3f} ms seen by the worker   goal 0.1")
        p50, p99, worst = lateness(db, 200, 8)
        say(f"lateness at 200/s      p50 {p50:.1f}  p99 {p99:.1f}  worst {worst:.1f} ms   goal p99 50, floor 1000")
        for workers in (1, 2):
            rate = backlog(db, chosen.backlog, workers, f"B{workers}")
            say(f"backlog, {workers} worker(s)   {rate:8.0f} /s      goal 30000, floor 10000")
        db.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
