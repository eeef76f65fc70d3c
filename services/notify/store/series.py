"""The series of letter numbers."""

from sqlalchemy import Connection, text


def next_count(tx: Connection, code: str, year: int) -> int:
    """The next number of the series. The row stays locked until the transaction ends, so the series has no gaps."""
    count: int = tx.execute(
        text("""
            insert into letter_numbers as n (code, year, last) values (:code, :year, 1)
            on conflict (code, year) do update set last = n.last + 1 returning last
        """),
        {"code": code, "year": year},
    ).scalar_one()
    return count
