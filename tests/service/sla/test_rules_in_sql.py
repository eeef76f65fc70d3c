"""Rules that the domain states and a statement states again: each is asked about every value, and the answers compared."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import product

from sqlalchemy import text

from chassis.delivery.events import Moment
from services.sla.domain.mark import Mark, judge, worse
from services.sla.store import claim

OPEN = [mark for mark in Mark if mark is not Mark.GREEN]  # a clock of a closed case is over, so none of its is claimed
DUE = [Mark.YELLOW, Mark.RED]


def test_mark_and_reason_of_the_claim_are_those_of_the_domain(station):
    query = text(f"""
        select {claim.MARK}, {claim.REASON}
        from (values (cast(:risk as mark), cast(:time as mark))) as due (risk_mark, time_mark_now)
    """)
    for risk, time in product(OPEN, DUE):
        with station.database.transaction() as tx:
            found = tx.execute(query, {"risk": risk, "time": time}).one()
        assert tuple(found) == judge(risk, time, closed=False, watched=True), (risk, time)


def test_the_database_orders_the_marks_by_severity(station):
    for one, other in product(OPEN, OPEN):
        greater = station.scalar("select greatest(cast(:one as mark), cast(:other as mark))", one=one, other=other)
        assert greater == worse(one, other)


def test_the_database_knows_the_marks_of_the_domain_and_no_other(station):
    assert station.scalar("select enum_range(null::mark)::text") == "{" + ",".join(Mark) + "}"


def test_a_moment_reads_as_schemas_dump_it(station):
    written = datetime(2026, 11, 24, 8, 59, 59, tzinfo=UTC)
    shanghai = timezone(timedelta(hours=8))
    for micro, zone in product((0, 1, 10, 123_000, 100_000, 999_999), (UTC, shanghai)):
        at = written.replace(microsecond=micro).astimezone(zone)
        assert station.scalar("select moment(cast(:at as timestamptz))", at=at) == Moment().serialize("at", {"at": at})
