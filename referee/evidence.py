"""What the checker looks at: two ledgers, the letter files and the four databases; nothing the driver remembers."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import psycopg2

from services import SERVICES

# Only these are judged by what they say; of the others it is enough that they were there.
READ_IN_FULL = (
    "case.submitted", "case.closed", "case.marked",
    "clock.started", "clock.warned", "clock.breached", "clock.retracted",
)  # fmt: skip


class Post(NamedTuple):
    """One letter as the driver meant to post it, and the numbers it was answered with."""

    key: str
    text: str
    numbers: frozenset[str]


class Sms(NamedTuple):
    """One line of the gateway's ledger; only the file gateway knows which messages an SMS carries."""

    key: str
    messages: tuple[str, ...]


class LetterFile(NamedTuple):
    name: str
    sha256: str
    is_pdf: bool


class Logged(NamedTuple):
    """One event in a service's log. `data` is empty for types that are not judged by what they say."""

    service: str
    type: str
    subject: str
    seq: int
    epoch: int
    restricted: bool
    time: datetime
    data: Mapping[str, Any]


class Message(NamedTuple):
    id: str
    case: str
    event: str
    recipient: str
    state: str


class Letter(NamedTuple):
    case: str
    kind: str
    gen: int
    state: str
    number: str | None
    sha256: str | None


@dataclass(frozen=True)
class Evidence:
    """Everything at once, read after the system came to rest."""

    opened_at: datetime
    posts: tuple[Post, ...] = ()
    sms: tuple[Sms, ...] = ()
    files: tuple[LetterFile, ...] = ()
    cases: Mapping[str, tuple[str, datetime, str]] = field(default_factory=dict)  # number → text, submitted, channel
    claims: tuple[tuple[str, str], ...] = ()  # idempotency key, case
    holdings: Mapping[str, frozenset[str]] = field(default_factory=dict)  # service → numbers it holds
    log: tuple[Logged, ...] = ()
    waiting: Mapping[str, int] = field(default_factory=dict)  # service → rows still in its outbox
    aside: tuple[tuple[str, str, str], ...] = ()  # service, source, subject
    seen: Mapping[tuple[str, str, str], tuple[int, int]] = field(default_factory=dict)  # service, producer, subject
    bindings: Mapping[str, frozenset[tuple[str, str]]] = field(
        default_factory=dict
    )  # service → (producer, routing key)
    messages: tuple[Message, ...] = ()
    letters: tuple[Letter, ...] = ()


def gather(run: Path, urls: Mapping[str, str], topology: Path) -> Evidence:
    """Read all of it. `run` is the folder with demo/ledger.jsonl, sms.jsonl and letters/."""
    opened_at, posts = _posts(run / "demo" / "ledger.jsonl")
    rows = {service: _Database(url) for service, url in urls.items()}
    return Evidence(
        opened_at=opened_at,
        posts=posts,
        sms=tuple(Sms(line["key"], tuple(line.get("messages", ()))) for line in lines(run / "sms.jsonl")),
        files=tuple(_files(run / "letters")),
        cases={number: (text, at, channel) for number, text, at, channel in rows["intake"](CASES)},
        claims=tuple((key, subject) for key, subject in rows["intake"](CLAIMS)),
        holdings={service: frozenset(n for (n,) in rows[service]("select number from cases")) for service in SERVICES},
        log=tuple(_log(rows)),
        waiting={service: rows[service]("select count(*) from outbox")[0][0] for service in SERVICES},
        aside=tuple((service, *row) for service in SERVICES for row in rows[service](ASIDE)),
        seen={(s, producer(source), about): (e, n) for s in SERVICES for source, about, e, n in rows[s](SEEN)},
        bindings=_bindings(topology),
        messages=tuple(Message(*row) for row in rows["notify"](MESSAGES)),
        letters=tuple(Letter(*row) for row in rows["notify"](LETTERS)),
    )


CASES = "select number, description, submitted_at, channel from cases"
CLAIMS = "select key, subject from idempotency where subject is not null and left(scope, 7) = 'submit '"
ASIDE = "select distinct source, subject from aside"
SEEN = "select source, subject, epoch, last_seq from seen"
MESSAGES = "select cast(id as text), case_number, event, recipient, state from messages"
LETTERS = "select case_number, kind, gen, state, number, sha256 from letters"
LOG = """
    select type, subject, seq, epoch, restricted, time, case when type = any(%s) then body end
    from event_log order by position"""


def producer(source: str) -> str:
    """The service an event came from: the last part of its CloudEvents source."""
    return source.rsplit("/", 1)[-1]


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """The JSON lines of a ledger; none when nothing was written yet."""
    if path.exists():
        with path.open(encoding="utf-8") as file:
            yield from (json.loads(line) for line in file if line.strip())


def _posts(ledger: Path) -> tuple[datetime, tuple[Post, ...]]:
    opened_at: datetime | None = None
    texts: dict[str, str] = {}
    numbers: dict[str, set[str]] = {}
    for line in lines(ledger):
        if line["what"] == "opening":
            opened_at = datetime.fromisoformat(line["database_time"])
        elif line["what"] == "posting":
            texts[line["key"]] = line["body"]["description"]
        elif line["what"] == "answered" and line["number"]:
            numbers.setdefault(line["key"], set()).add(line["number"])
    if opened_at is None:
        raise ValueError(f"{ledger} has no opening line: the driver's ledger is missing or was cut")
    return opened_at, tuple(Post(key, text, frozenset(numbers.get(key, ()))) for key, text in texts.items())


def _files(folder: Path) -> Iterator[LetterFile]:
    for path in sorted(folder.rglob("*.pdf")):
        content = path.read_bytes()
        yield LetterFile(
            str(path.relative_to(folder)), hashlib.sha256(content).hexdigest(), content.startswith(b"%PDF-")
        )


def _log(rows: "Mapping[str, _Database]") -> Iterator[Logged]:
    for service in SERVICES:
        for type_, subject, seq, epoch, restricted, time, body in rows[service](LOG, (list(READ_IN_FULL),)):
            yield Logged(service, type_, subject, seq, epoch, restricted, time, json.loads(body) if body else {})


def _bindings(topology: Path) -> dict[str, frozenset[tuple[str, str]]]:
    """What each of our services is bound to, as the topology file says."""
    queues = json.loads(topology.read_text(encoding="utf-8"))["bindings"]
    return {
        queue.removesuffix(".inbox"): frozenset(
            (exchange.removesuffix(".events"), key) for exchange, keys in exchanges.items() for key in keys
        )
        for queue, exchanges in queues.items()
        if queue.endswith(".inbox")
    }


class _Database:
    """Read-only questions to one database, each answered whole."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg2.connect(url, application_name="lianxin-checker")
        self._connection.set_session(readonly=True, autocommit=True)

    def __call__(self, statement: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return cursor.fetchall()
