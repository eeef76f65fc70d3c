"""What reading the gauges costs each database when 100,000 cases lie in it.

    python tests/bench/gauges.py

Starts a PostgreSQL cluster of its own for each service (fsync on).
"""

import functools
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sqlalchemy import text

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from chassis.database import Database  # noqa: E402
from chassis.delivery import measuring  # noqa: E402
from services.dispatch.operating.measuring import measure as measure_dispatch  # noqa: E402
from services.intake.operating.measuring import measure as measure_intake  # noqa: E402
from services.notify.commands.gauges import measure as measure_notify  # noqa: E402
from services.sla.operating.measuring import measure as measure_sla  # noqa: E402
from tests.bench import desk  # noqa: E402
from tests.bench.ground import database  # noqa: E402

TIMES = 20
say = functools.partial(print, flush=True)
CLOSED = "update cases set closed_at = dispatched_at + interval '20 hours' where state = 'closed'"
LETTERS = """
    insert into cases (number, channel, kind, identity, place, description, state, submitted_at, version, revision)
    select 'XA' || i, 'mailbox', 'help', 'named', '地铁口', repeat('路灯坏了', 50),
           case when i > 99800 then 'submitted' else 'accepted' end, now() - make_interval(secs => (100000 - i) * 43), 1, 1
    from generate_series(1, 100000) i
"""
CLOCKS = """
    insert into clocks (number, kind, gen, rule, rule_version, started_at, warn_at, due, letter_after, status, next_at)
    select 'XA' || i, 'close', 1, 'close', 1, now(), now(), now(), 0, 'armed', now() + make_interval(secs => i)
    from generate_series(1, 100000) i
"""
MESSAGES = """
    insert into messages (id, case_number, event, seq, template, audience, recipient, params, recorded_at, state,
        next_try, planned_at)
    select gen_random_uuid(), 'XA' || i, 'e/' || j, 1, 'received', case when j = 4 then 'unit' else 'resident' end, 'r',
           '{}', now(), case when i > 99500 then 'pending' when i % 2000 = 0 then 'held' else 'sent' end, now(), now()
    from generate_series(1, 100000) i, generate_series(1, 4) j
"""
# What fills the database, and what is measured.
SERVICES: Mapping[str, tuple[Sequence[str], Callable[[Database], None]]] = {
    "intake": ([LETTERS], measure_intake),
    "dispatch": ([desk.FILL.text, CLOSED], measure_dispatch),
    "sla": ([CLOCKS], measure_sla),
    "notify": ([MESSAGES], measure_notify),
}


def main() -> None:
    say(f"milliseconds, median and worst of {TIMES}")
    for service, (statements, measure) in SERVICES.items():
        with database(service, None) as opened:
            _fill(opened, statements)
            for name, read in {f"{service}'s own": measure, "what all have": measuring.measure}.items():
                taken = [_milliseconds(opened, read) for _ in range(TIMES)]
                say(f"{service:10}{name:16}{statistics.median(taken):8.1f} {max(taken):8.1f}")
            opened.close()


def _fill(opened: Database, statements: Sequence[str]) -> None:
    with opened.transaction() as tx:
        tx.execute(text("set local statement_timeout = 0"))
        for statement in statements:
            tx.execute(text(statement), {"count": 100_000, "open": 5_000} if ":open" in statement else {})
    with opened.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as own:
        own.execute(text("set statement_timeout = 0"))
        own.execute(text("vacuum analyze"))


def _milliseconds(opened: Database, read: Callable[[Database], None]) -> float:
    began = time.perf_counter()
    read(opened)
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
