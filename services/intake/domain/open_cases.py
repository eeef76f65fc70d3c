"""Another system's open cases as a CSV file: every line is checked before any is imported."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from services.intake.domain.case import Channel, Imported, Kind, Statement
from services.intake.domain.identity import Identity, is_mobile, mobile_as_typed
from services.intake.domain.numbering import SHANGHAI
from services.intake.domain.submission import clean_text

WHAT = ("external_id", "kind", "name", "mobile", "description", "place", "identity")
TIMES = ("submitted_at", "accepted_at", "dispatched_at", "contacted_at")
REQUIRED = (*WHAT, *TIMES, "unit", "complexity")
OPTIONAL = ("community", "channel")
UNIT = re.compile(r"CENTRE|[COT][0-9]{2,3}")
COMPLEXITIES = ("simple", "complex")


@dataclass(frozen=True, slots=True)
class OpenCase:
    """One correct line."""

    external_id: str
    statement: Statement
    name: str | None
    mobile: str | None
    submitted_at: datetime
    imported: Imported


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field of one line (the header is line 1); never its value, which may be personal data."""

    line: int
    field: str
    message: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.field}: {self.message}"


class _Wrong(ValueError):
    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def read(lines: Iterable[str], communities: frozenset[str], now: datetime) -> Iterator[tuple[int, OpenCase | Fault]]:
    """Each line's number with its case or its first fault.

    Times without a zone are in Asia/Shanghai; none may be later than `now`. Raises csv.Error if the text is not CSV.
    """
    sheet = csv.DictReader(lines)
    header = sheet.fieldnames or []
    known: dict[str, int] = {}
    if missing := [name for name in REQUIRED if name not in header]:
        yield 1, Fault(1, missing[0], f"column is missing (columns: {', '.join([*REQUIRED, *OPTIONAL])})")
        return
    for row in sheet:
        line = sheet.line_num
        try:
            case = _case({name: (row.get(name) or "").strip() for name in header}, communities, now)
            if case.external_id in known:
                raise _Wrong("external_id", f"is already on line {known[case.external_id]}")
        except _Wrong as wrong:
            yield line, Fault(line, wrong.field, str(wrong))
        else:
            known[case.external_id] = line
            yield line, case


def _case(row: Mapping[str, str], communities: frozenset[str], now: datetime) -> OpenCase:
    identity = Identity(_choice(row, "identity", tuple(Identity)))
    named = identity is not Identity.ANONYMOUS
    statement = Statement(
        Kind(_choice(row, "kind", tuple(Kind))),
        _text(row, "description", 2, 10_000),
        _text(row, "place", 0, 200),
        _choice(row, "community", tuple(sorted(communities))) if row.get("community") else None,
        identity,
        Channel(_choice(row, "channel", tuple(Channel))) if row.get("channel") else Channel.IMPORT,
    )
    submitted_at = _time(row, "submitted_at", now)
    return OpenCase(
        _text(row, "external_id", 1, 100),
        statement,
        _text(row, "name", 1 if named else 0, 50) or None,
        _mobile(row, named),
        submitted_at,
        _imported(row, submitted_at, now),
    )


def _imported(row: Mapping[str, str], submitted_at: datetime, now: datetime) -> Imported:
    accepted_at = _time(row, "accepted_at", now, not_before=submitted_at)
    dispatched_at = _time(row, "dispatched_at", now, not_before=accepted_at)
    contacted_at = _time(row, "contacted_at", now, not_before=dispatched_at) if row["contacted_at"] else None
    if not UNIT.fullmatch(row["unit"]):
        raise _Wrong("unit", "is not a unit's code such as C07")
    return Imported(accepted_at, dispatched_at, contacted_at, row["unit"], _choice(row, "complexity", COMPLEXITIES))


def _choice(row: Mapping[str, str], field: str, choices: tuple[str, ...]) -> str:
    if row[field] not in choices:
        raise _Wrong(field, f"must be one of {', '.join(choices)}")
    return row[field]


def _text(row: Mapping[str, str], field: str, least: int, most: int) -> str:
    text = clean_text(row[field])
    if not least <= len(text) <= most:
        raise _Wrong(field, f"must have {least} to {most} characters")
    return text


def _mobile(row: Mapping[str, str], needed: bool) -> str | None:
    mobile = mobile_as_typed(row["mobile"])
    if not mobile and not needed:
        return None
    if not is_mobile(mobile):
        raise _Wrong("mobile", "is not a mobile number of eleven digits")
    return mobile


def _time(row: Mapping[str, str], field: str, now: datetime, not_before: datetime | None = None) -> datetime:
    try:
        moment = datetime.fromisoformat(row[field])
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _Wrong(field, "is not a time such as 2026-11-24T09:30:00+08:00") from None
    if moment > now:
        raise _Wrong(field, "is in the future")
    if not_before and moment < not_before:
        raise _Wrong(field, "is before the step it must follow")
    return moment
