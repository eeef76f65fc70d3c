"""Hands out case numbers of blocks this process owns, so that a submission waits for no other."""

import threading
from datetime import date

from chassis.database import Database
from services.intake import store
from services.intake.domain import numbering
from services.intake.domain.numbering import Block
from services.intake.errors import NumbersExhausted


class Numbers:
    """Safe across threads and processes. A block is taken in a short transaction of its own, because the counter's row
    would otherwise stay locked until the submission commits; serials of a submission that fails are lost.
    """

    def __init__(self, database: Database, prefix: str, size: int) -> None:
        self._database, self._prefix, self._size = database, prefix, size
        self._lock = threading.Lock()
        self._block: Block | None = None

    def next(self, day: date) -> str:
        """A number nobody has or had, for a case submitted on `day` (Asia/Shanghai).

        Raises NumbersExhausted, and NumbersUnsafe while the database was set back and `restored` was not run.
        """
        with self._lock:
            # A midnight that one thread has passed and another has not costs a block each, never a number twice.
            if self._block is None or self._block.day != day:
                self._block = self._take(day, self._size)
            serial = self._block.take()
            if serial is None:
                self._block = self._take(day, self._size)
                serial = self._block.next
                self._block.next += 1
        return numbering.number(self._prefix, day, serial)

    def several(self, day: date, count: int) -> list[str]:
        """`count` numbers of one day in one transaction. Raises as `next` does."""
        block = self._take(day, count)
        if block.end - block.next + 1 < count:
            raise NumbersExhausted()
        return [numbering.number(self._prefix, day, serial) for serial in range(block.next, block.end + 1)]

    def _take(self, day: date, size: int) -> Block:
        with self._database.transaction() as tx:
            allowed = numbering.serials(store.restores(tx, day))
            first, last = store.take_block(tx, day, size, allowed.start)
            if first not in allowed:
                raise NumbersExhausted()
            return Block(day, first, min(last, allowed.stop - 1))
