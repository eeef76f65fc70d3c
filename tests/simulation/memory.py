"""A database of dictionaries that understands exactly the statements our services issue, and commits whole or not at all.

What the services run against it is their own code, stores included; only what PostgreSQL would do with a statement is
written again (`sql_*.py`), each under a piece of the statement it stands for. A statement nobody wrote a model for ends
the run: the model can't fall behind unnoticed. Transactions follow each other; the one that may pause inside is the
relay's, which writes nothing before the broker has answered.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.exc import OperationalError

Fields = dict[str, Any]
Model = Callable[["Tx", Mapping[str, Any]], Any]
ABSENT: Any = object()


class Unmodelled(BaseException):
    """A statement the simulation has no model of: nothing may catch it."""


class Refused(RuntimeError):
    """A statement failed for a reason that is not the database's absence."""


class Stage(Protocol):
    """What a database needs of the world around it."""

    def clock(self, service: str) -> datetime: ...

    def point(self, name: str, *, switch: bool = True) -> None: ...

    def chance(self, fault: str, what: str) -> bool: ...


class Row:
    """One row as SQLAlchemy hands it out: by attribute, by name, by place."""

    __slots__ = ("_mapping",)

    def __init__(self, fields: Fields) -> None:
        self._mapping = fields

    def __getattr__(self, name: str) -> Any:
        try:
            return self._mapping[name]
        except KeyError:
            raise AttributeError(name) from None

    def __iter__(self) -> Iterator[Any]:
        return iter(self._mapping.values())

    def __getitem__(self, place: Any) -> Any:
        return self._mapping[place] if isinstance(place, str) else list(self._mapping.values())[place]


class Result:
    """What a statement returned: rows, or how many it touched."""

    def __init__(self, found: Any) -> None:
        self.rowcount: int = found if isinstance(found, int) else len(found or ())
        self.rows: list[Fields] = found if isinstance(found, list) else []
        self.wrap: Callable[[Fields], Any] = Row

    def mappings(self) -> "Result":
        self.wrap = dict
        return self

    def __iter__(self) -> Iterator[Any]:
        return map(self.wrap, self.rows)

    def all(self) -> list[Any]:
        return [self.wrap(row) for row in self.rows]

    def one(self) -> Any:
        (row,) = self.rows
        return self.wrap(row)

    def one_or_none(self) -> Any:
        return self.one() if self.rows else None

    def scalars(self) -> Iterator[Any]:
        return (next(iter(row.values())) for row in self.rows)

    def scalar_one(self) -> Any:
        (row,) = self.rows
        return next(iter(row.values()))

    def scalar_one_or_none(self) -> Any:
        return self.scalar_one() if self.rows else None

    scalar = scalar_one_or_none


class Tx:
    """One transaction: what it changes is undone unless it commits."""

    def __init__(self, database: "Database") -> None:
        self.database, self.tables, self.now = database, database.tables, database.stage.clock(database.service)
        self.info: dict[str, Any] = {}
        self.undo: list[tuple[dict[Any, Any], Any, Any]] = []
        self.folded: list[Any] = []
        self.locks: set[str] = set()

    def execute(self, statement: Any, parameters: Mapping[str, Any] | None = None) -> Result:
        return Result(self.database.model_of(statement)(self, parameters or {}))

    def get_transaction(self) -> "Tx":
        return self

    def put(self, table: str, key: Any, row: Fields) -> None:
        rows = self.tables[table]
        self.undo.append((rows, key, rows.get(key, ABSENT)))
        rows[key] = row

    def change(self, table: str, key: Any, **changes: Any) -> Fields:
        row: Fields = self.tables[table][key] | changes
        self.put(table, key, row)
        return row

    def remove(self, table: str, key: Any) -> None:
        rows = self.tables[table]
        if key in rows:
            self.undo.append((rows, key, rows.pop(key)))

    def lock(self, name: str) -> bool:
        """pg_try_advisory_xact_lock."""
        if self.database.locked.get(name, self) is not self:
            return False
        self.database.locked[name] = self
        self.locks.add(name)
        return True

    def release(self) -> None:
        for name in self.locks:
            del self.database.locked[name]
        self.locks.clear()

    def roll_back(self, to: int = 0) -> None:
        while len(self.undo) > to:
            rows, key, before = self.undo.pop()
            if before is ABSENT:
                rows.pop(key, None)
            else:
                rows[key] = before

    def begin_nested(self) -> "Savepoint":
        return Savepoint(self)


class Savepoint:
    def __init__(self, tx: Tx) -> None:
        self.tx, self.mark, self.folded = tx, len(tx.undo), len(tx.folded)

    def commit(self) -> None:
        return None

    def rollback(self) -> None:
        self.tx.roll_back(self.mark)
        del self.tx.folded[self.folded :]


class Database:
    """One service's database. `applied` keeps what was folded in transactions that committed, in order."""

    def __init__(self, service: str, stage: Stage, models: Mapping[str, Model], tables: Sequence[str]) -> None:
        self.service, self.stage, self.models = service, stage, models
        self.tables: dict[str, dict[Any, Fields]] = {name: {} for name in tables}
        self.locked: dict[str, Tx] = {}
        self.numbers = 0
        self.version = 0
        self.applied: list[Any] = []
        self.watchers: list[Callable[[Tx], None]] = []

    def next_number(self) -> int:
        """An identity column: never given twice, not even after a rollback."""
        self.numbers += 1
        return self.numbers

    @contextmanager
    def transaction(self, switch: bool = True) -> Iterator[Tx]:
        self.stage.point(f"{self.service} begins", switch=switch)
        if self.stage.chance("database_away", self.service):
            raise _gone()
        tx = Tx(self)
        self.current = tx
        try:
            yield tx
            if tx.undo:
                self.stage.point(f"{self.service} before commit", switch=False)
        except BaseException:
            tx.roll_back()
            raise
        finally:
            tx.release()
        if tx.undo:
            self.version += 1
            self.applied += tx.folded
            for watch in self.watchers:
                watch(tx)
            if self.stage.chance("commit_unanswered", self.service):
                raise _gone()
            self.stage.point(f"{self.service} after commit", switch=switch)

    @contextmanager
    def glance(self) -> Iterator[Tx]:
        yield Tx(self)

    def holds(self, statement: Any, parameters: Mapping[str, Any] | None = None) -> bool:
        return bool(Tx(self).execute(statement, parameters).scalar())

    def model_of(self, statement: Any) -> Model:
        known = _resolved.get((self.service, statement))
        if known is None:
            known = _resolved[self.service, statement] = self._find(statement)
        return known

    def _find(self, statement: Any) -> Model:
        sql = " ".join(str(getattr(statement, "text", statement)).split())
        found = [piece for piece in self.models if piece in sql]
        if not found:
            raise Unmodelled(f"{self.service} issues a statement the simulation has no model of: {sql}")
        return self.models[max(found, key=len)]


_resolved: dict[tuple[str, Any], Model] = {}


def forget() -> None:
    """After a model was exchanged."""
    _resolved.clear()


def _gone() -> OperationalError:
    """What chassis.database.is_gone takes for a database that is away."""
    return OperationalError("", {}, Exception("the simulation took the database away"))


def models() -> tuple[dict[str, Model], Callable[[str], Callable[[Model], Model]]]:
    """A table of models and the decorator that fills it: `@of("a piece of the statement")`."""
    table: dict[str, Model] = {}

    def of(piece: str) -> Callable[[Model], Model]:
        def keep(model: Model) -> Model:
            table[" ".join(piece.split())] = model
            return model

        return keep

    return table, of


def moments(row: Fields, names: Sequence[str]) -> Fields:
    """A row as it came in JSON, its times made times."""
    for name in names:
        if row.get(name) is not None:
            row[name] = datetime.fromisoformat(row[name])
    return row


def in_order(rows: Iterable[Fields], *names: str) -> list[Fields]:
    """`order by` these columns."""
    return sorted(rows, key=lambda row: tuple(row[name] for name in names))
