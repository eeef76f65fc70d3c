"""Windows: one telephone of staff gets at most one SMS in each."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from services.notify.store.messages import BEYOND


def open_for(tx: Connection, mobiles: Iterable[str], now: datetime, opened_before: datetime) -> set[str]:
    """The telephones whose window this transaction opened. For the others another process was faster."""
    rows = tx.execute(
        text(f"""
            insert into windows as w (mobile, opened_at)
            select mobile, :now from unnest(cast(:mobiles as text[])) as m (mobile)
            on conflict (mobile) do update set opened_at = excluded.opened_at
                where w.opened_at <= :opened_before or w.opened_at > {BEYOND}
            returning mobile
        """),
        {"mobiles": sorted(set(mobiles)), "now": now, "opened_before": opened_before},
    )
    return {row.mobile for row in rows}


def close_for(tx: Connection, mobiles: Sequence[str]) -> None:
    """Closes windows again: the gateway certainly did not take the SMS that opened them."""
    tx.execute(text("delete from windows where mobile = any(:mobiles)"), {"mobiles": list(mobiles)})
