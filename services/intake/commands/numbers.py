"""Hands out case numbers from blocks this process owns, so that no submission waits for another."""

import threading
from datetime import date

from chassis.database import Database
from services.intake import store
from services.intake.domain import numbering
from services.intake.domain.numbering import Block
from services.intake.errors import NumbersExhausted


class Numbers:
    """Case numbers, safe across threads and processes.

    A block is reserved in a short transaction of its own, because the counter's row would otherwise stay locked until
    the submission commits; the serials of failed submissions are lost.
    """

    def __init__(self, database: Database, prefix: str, size: int) -> None:
        self._database, self._prefix, self._size = database, prefix, size
        self._lock = threading.Lock()
        self._block: Block | None = None

    def next(self, day: date) -> str:
        """A number nobody has or ever had, for a case submitted on `day` (Asia/Shanghai).

        Raises NumbersExhausted, and NumbersUnsafe after the database was set back, until `restored` has been run.
        """
        with self._lock:
            # While one thread is past midnight and another is not, each switch costs a block, but no number is given
            # twice.
            if self._block is None or self._block.day != day:
                self._block = self._reserve(day, self._size)
            serial = self._block.next_serial()
            if serial is None:
                self._block = self._reserve(day, self._size)
                serial = self._block.next
                self._block.next += 1
        return numbering.number(self._prefix, day, serial)

    def several(self, day: date, count: int) -> list[str]:
        """`count` numbers of one day in one transaction. Raises as `next` does."""
        block = self._reserve(day, count)
        if block.end - block.next + 1 < count:
            raise NumbersExhausted()
        return [numbering.number(self._prefix, day, serial) for serial in range(block.next, block.end + 1)]

    def _reserve(self, day: date, size: int) -> Block:
        with self._database.transaction() as tx:
            allowed = numbering.serials(store.restores(tx, day))
            first, last = store.reserve_block(tx, day, size, allowed.start)
            if first not in allowed:
                raise NumbersExhausted()
            return Block(day, first, min(last, allowed.stop - 1))
