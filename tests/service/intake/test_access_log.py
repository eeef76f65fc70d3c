"""Who read whose data stays for as long as the settings say, and no longer."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from chassis import clock
from services.intake import store
from services.intake.commands import retention
from tests.service.intake.conftest import Street

Make = Callable[..., Street]


def test_reads_older_than_is_kept_go_a_batch_at_a_time(street: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    here = street(access_log_days="30")
    with here.database.transaction() as tx:
        now = clock.now(tx)
        for days in (40, 35, 31, 29, 0):
            read = store.Access(f"XA20261124{days:06d}", "officer-1", "查看", ("name",))
            store.log_access(tx, now - timedelta(days=days), [read])
    turns = 0
    with here.database.transaction() as tx:
        while retention.clean_up(tx, here.settings.access_kept):
            turns += 1
        left = list(tx.execute(text("select number from access_log order by id")).scalars())
    assert left == ["XA20261124000029", "XA20261124000000"]
    assert turns == 1
