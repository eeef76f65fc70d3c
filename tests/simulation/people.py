"""Residents who write, officers who act or don't, leaders who sign: what they do goes through the services' commands.

Everybody repeats a command with its Idempotency-Key until it is answered, as our pages do.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

from chassis.errors import DomainError
from services.dispatch import commands as dispatch
from services.dispatch.duties import Duty
from services.dispatch.files import OrganisationFile
from services.dispatch.organisation import Contact, Unit
from services.intake import commands as intake
from services.intake import emergency
from services.intake.case import Channel, Imported, Kind, Letter, Reason
from services.intake.identity import Writer
from services.intake.numbers import Numbers
from services.intake.open_cases import OpenCase
from services.intake.store import SealedIdentity
from services.intake.submission import Submission
from services.notify.commands import held, letters
from tests.simulation.town import FORESEEN, HOUR, Loop, Process, Town

TEXTS = (
    "路灯坏了三天，晚上看不见路，请尽快维修路灯。",  # one duty: dispatched by the rule
    "楼下夜宵摊占道经营，油烟很大，占道经营到凌晨。",
    "请问老年证在哪里办理？",  # no duty: the centre decides
    "厨房着火了，火很大，快来人！",  # an emergency: a person accepts
    "举报社区工作人员收钱不办事，态度恶劣。",  # about staff: restricted
    "几百户业主联名反映物业不作为，静坐维权。",  # priority and sensitive: yellow at once
)
UNITS = ("CENTRE", "C01", "O01", "O02")

GAPS = (0.0, 1.0, 60.0, 0.3 * HOUR, 0.8 * HOUR, 1.2 * HOUR, 2.5 * HOUR, 10 * HOUR, 19 * HOUR, 23.9 * HOUR, 26 * HOUR, 60 * HOUR)  # fmt: skip
RULES = emergency.load(emergency.SHIPPED.read_text(encoding="utf-8"))


class Secrecy:
    """Intake's, without the cipher: what is sealed here is only tested for being the writer's own."""

    def seal(self, number: str, writer: Writer) -> SealedIdentity:
        return SealedIdentity(number, json.dumps(asdict(writer)).encode(), None, b"")


def writer_of(sealed: bytes) -> Writer:
    return Writer(**json.loads(sealed))


@dataclass
class Calm:
    """A database whose transactions let nobody overtake: for what runs under a lock between threads."""

    database: Any

    def transaction(self) -> Any:
        return self.database.transaction(switch=False)


def _house(town: Town) -> Any:
    settings = SimpleNamespace(
        community_codes=frozenset({"C01"}), limit_submissions=False, emergency_rules=RULES,
        accept_automatically=town.rng.random() < 0.7,
    )  # fmt: skip
    numbers = Numbers(Calm(town.databases["intake"]), "XA", 3)  # type: ignore[arg-type]
    return intake.Intake(settings, numbers, Secrecy())  # type: ignore[arg-type]


def _unit(code: str, place: int) -> Unit:
    kind = {"CENTRE": "centre", "C01": "community"}.get(code, "office")
    # The head and the leader of an office are one person: their messages are gathered.
    posts = {"duty": 3 * place + 1, "head": 3 * place + 2, "leader": 3 * place + 2 + (place % 2)}
    contacts = {post: Contact(f"{code} {post}", f"138000000{n:02d}") for post, n in posts.items()}
    return Unit(code, f"{code}单位", kind, True, (), contacts)


ORGANISATION = OrganisationFile(False, "simulated", tuple(_unit(code, n) for n, code in enumerate(UNITS)))
DUTIES = {
    code: Duty(code, "城管", code, words, lead, complexity, date(2026, 1, 1))
    for code, words, lead, complexity in (
        ("SR01", ("路灯", "维修路灯"), "O01", "simple"),
        ("SR02", ("占道经营", "夜宵摊"), "O02", "complex"),
        ("SR03", ("物业",), "O01", "complex"),
    )
}


def found(town: Town) -> None:
    """The street before anybody writes: its units, told by dispatch to all who read them, and its duty list."""
    database = town.databases["dispatch"]
    words = {"priority": ["联名"], "sensitive": ["静坐"], "complex": []}
    with database.transaction() as tx:
        for name in ("organisation", "duties"):
            tx.put("editions", name, {"name": name, "id": "", "version": "simulated", "words": words})
        for code, duty in DUTIES.items():
            tx.put("duties", code, {each: getattr(duty, each) for each in Duty.__slots__ if each != "_index"})
        dispatch.load_organisation(tx, ORGANISATION)  # type: ignore[arg-type]


class People:
    """Everybody of one seed, their errands spread over the town's time."""

    def __init__(self, town: Town) -> None:
        self.town, self.rng = town, town.rng
        self.house = _house(town)
        self.posts: dict[str, tuple[str, set[str]]] = {}
        self.unanswered = 0
        self.calls = 0

    def begin(self) -> None:
        letters_written = self.rng.choice((1, 1, 1, 1, 1, 2, 2, 3))
        for n in range(1, letters_written + 1):
            self.town.at(self.rng.choice((0.0, 5.0, 3 * HOUR)) * self.rng.random(), self._resident(n))
        if self.rng.random() < 0.15:
            self.town.at(self.rng.uniform(0, 600), self._import)
        if self.rng.random() < 0.7:
            self.town.at(self.rng.choice(GAPS), self._leader(self.rng.randint(1, 8)))

    def clear_the_desk(self) -> None:
        """The leader sits down and decides about every letter that lies there."""
        self.town.at(self.town.now, self._leader(2))

    # --- giving commands ---

    def ask(
        self, service: str, who: str, key: str, command: Callable[[Any], str], then: Callable[[str | None], None]
    ) -> None:
        """Gives a command until it is answered. `then` learns the answer, or None for a refusal."""
        town = self.town
        process = Process(f"{service} front door")

        def again() -> None:
            if not process.answered:  # type: ignore[attr-defined]
                self.house = _renewed(self.house, town)
                town.at(town.now + self.rng.uniform(1, 20), lambda: self.ask(service, who, key, command, then))

        process.answered = False  # type: ignore[attr-defined]
        process.on_death = again

        def step() -> float:
            try:
                answer = self._once(service, key, command)
            except DomainError as refusal:
                town.tell(who, "is refused:", refusal.code, key)
                answer = None
            except FORESEEN as error:
                town.tell(who, f"gets no answer ({type(error).__name__}), will ask again:", key)
                again()
                return -1.0
            if town.faults.strikes("answer_lost"):
                town.tell(who, "does not get the answer, will ask again:", key)
                again()
                return -1.0
            process.answered = True  # type: ignore[attr-defined]
            town.tell(who, "is answered:", key, answer)
            then(answer)
            return -1.0

        process.loops = [Loop(process, f"{service} front door", step, lambda: 0.0)]
        town.start(process)

    def _once(self, service: str, key: str, command: Callable[[Any], str]) -> str:
        """chassis.web.idempotency: the key is claimed in the transaction of the command."""
        with self.town.databases[service].transaction() as tx:
            known = tx.tables["idempotency"].get(key)
            if known is not None:
                return str(known["subject"])
            subject = command(tx)
            tx.put("idempotency", key, {"subject": subject})
            return subject

    def do(
        self, service: str, who: str, key: str, command: Callable[[Any], str], then: Callable[[str | None], None]
    ) -> None:
        """As `ask`; now and then somebody clicks twice."""
        self.ask(service, who, key, command, then)
        if self.town.faults.strikes("asked_twice"):
            self.town.tell(who, "asks twice:", key)
            self.ask(service, who, key, command, _unchecked)

    # --- residents ---

    def _resident(self, n: int) -> Callable[[], None]:
        rng, key = self.rng, f"letter {n}"
        text = rng.choice(TEXTS)
        identity = rng.choice(("named", "named", "withheld", "anonymous"))
        mobile = f"138000001{n:02d}" if identity != "anonymous" and rng.random() < 0.95 else None
        letter = Letter(Kind.COMPLAINT, text, "", rng.choice((None, "C01")), identity, Channel.MAILBOX)
        name = None if identity == "anonymous" else "温玉成"
        self.posts[key] = (text, set())

        def command(tx: Any) -> str:
            return intake.submit(tx, self.house, Submission(letter, name, mobile), None).number

        def answered(number: str | None) -> None:
            assert number is not None
            self.posts[key][1].add(number)
            self._hand_to_officer(number)

        return lambda: self.do("intake", f"resident {n}", key, command, answered)

    def _import(self) -> None:
        """One open case of the old system, dispatched some hours ago."""
        town, rng = self.town, self.rng
        now = town.clock("intake")
        hours = rng.choice((1.0, 17.9, 23.9, 30.0, 53.0))
        dispatched = now - timedelta(hours=hours)
        contacted = dispatched + timedelta(hours=0.9) if rng.random() < 0.6 else None
        accepted = dispatched - timedelta(minutes=35)
        stated = Imported(accepted, dispatched, contacted, "O01", rng.choice(("simple", "complex")))
        letter = Letter(Kind.HELP, TEXTS[0], "", None, "named", Channel.IMPORT)
        case = OpenCase(
            letter=letter, external_id="old-1", name="容嘉慧", mobile="13800000199",
            submitted_at=accepted - timedelta(minutes=20), imported=stated,
        )  # fmt: skip

        def command(tx: Any) -> str:
            intake.import_cases(tx, self.house, [case])
            return next(r["number"] for r in tx.tables["cases"].values() if r["external_id"] == "old-1")

        self.do("intake", "operator", "import", command, lambda number: self._hand_to_officer(str(number)))

    # --- officers ---

    def _hand_to_officer(self, number: str) -> None:
        officer = _Officer(self, number, patience=self.rng.choice((0, 1, 2, 3, 5, 6, 7, 9, 12)))
        self.town.at(self.town.now + self.rng.choice(GAPS) * self.rng.random(), officer.act)

    # --- leaders ---

    def _leader(self, times: int) -> Callable[[], None]:
        def act() -> None:
            for row in list(self.town.databases["notify"].tables["letters"].values()):
                if row["state"] in ("proposed", "issued"):
                    self._decide(row["id"], row["state"])
            if times > 1:
                self.town.at(self.town.now + self.rng.choice(GAPS[2:]), self._leader(times - 1))

        return act

    def _decide(self, letter: str, state: str) -> None:
        from tests.simulation.processes import NOTIFY

        commands: dict[str, Callable[[Any], Any]] = {
            "sign": lambda tx: letters.sign(tx, NOTIFY, letter, "leader", _unchecked),  # type: ignore[arg-type]
            "decline": lambda tx: letters.decline(tx, letter, "情况特殊", _unchecked),
            "acknowledge": lambda tx: letters.acknowledge(tx, letter, _unchecked),
        }
        asked = "acknowledge" if state == "issued" else self.rng.choice(("sign", "sign", "sign", "decline"))
        self.calls += 1
        self.do("notify", "leader", f"{asked} {letter} {self.calls}", lambda tx: commands[asked](tx).id, _unchecked)


def _unchecked(value: Any) -> None:
    """Whoever acts has seen the newest revision, and waits for no answer."""


def _renewed(house: Any, town: Town) -> Any:
    """A front door that died takes its block of numbers with it."""
    return intake.Intake(house.settings, Numbers(Calm(town.databases["intake"]), "XA", 3), house.secrecy)  # type: ignore[arg-type]


class _Officer:
    """Takes one case as far as patience goes, one step at a time, some of them late."""

    def __init__(self, people: People, number: str, patience: int) -> None:
        self.people, self.number, self.patience, self.steps = people, number, patience, 0
        self.town, self.rng = people.town, people.rng
        self.sendings_back = self.rng.choice((0, 0, 0, 1, 2))

    def act(self) -> None:
        if self.steps >= self.patience:
            return
        self.steps += 1
        service, name, command = self._next_step()
        if command is None:
            self._later(None)
            return
        key = f"{name} {self.number} {self.steps}"
        self.people.do(service, "officer", key, lambda tx: str(command(tx).number), self._later)

    def _later(self, answer: str | None) -> None:
        self.town.at(self.town.now + self.rng.choice(GAPS) * self.rng.uniform(0.5, 1.1), self.act)

    def _next_step(self) -> tuple[str, str, Callable[[Any], Any] | None]:
        number = self.number
        if self.town.databases["intake"].tables["cases"][number]["state"] == "submitted":
            if self.rng.random() < 0.15:
                return "intake", "refuse", lambda tx: intake.refuse(tx, number, Reason.NOT_IN_SCOPE)
            return "intake", "accept", lambda tx: intake.accept(tx, number)
        row = self.town.databases["dispatch"].tables["cases"].get(number)
        steps: dict[str, Callable[[Any], tuple[str, Callable[[Any], Any]]]] = {
            "waiting": self._dispatch,
            "dispatched": lambda row: ("acknowledge", lambda tx: dispatch.acknowledge(tx, number, self._of(row))),
            "acknowledged": self._contact,
            "handling": lambda row: ("reply", lambda tx: dispatch.reply(tx, number, "已经处理完毕", self._of(row))),
            "replied": self._review,
        }
        if row is None or row["state"] not in steps:
            return "dispatch", "", None
        return ("dispatch", *steps[row["state"]](row))

    def _of(self, row: Any) -> dispatch.Officer:
        roles = frozenset({"centre", "leader", "supervisor"})
        return dispatch.Officer("o1", roles, row["unit"], frozenset({*roles, f"unit:{row['unit']}"}), _unchecked)

    def _dispatch(self, row: Any) -> tuple[str, Callable[[Any], Any]]:
        unit = self.rng.choice([code for code in UNITS[1:] if code not in row["about"]])
        wish = {"unit": unit, "helpers": [], "complexity": self.rng.choice(("simple", "complex"))}
        return "dispatch", lambda tx: dispatch.dispatch(tx, self.number, wish, self._of(row))

    def _contact(self, row: Any) -> tuple[str, Callable[[Any], Any]]:
        return "contact", lambda tx: dispatch.contact(tx, self.number, "已联系", "telephone", None, self._of(row))

    def _review(self, row: Any) -> tuple[str, Callable[[Any], Any]]:
        if self.sendings_back:
            self.sendings_back -= 1
            return "send back", lambda tx: dispatch.send_back(tx, self.number, "不够具体", self._of(row))
        return "close", lambda tx: dispatch.close(tx, self.number, "solved", self._of(row))


def operator(town: Town) -> bool:
    """What a person does once everything works again: replays what was parked, settles what is held; true if any."""
    from chassis import aside

    did = False
    for service, database in town.databases.items():
        for row in list(database.tables["aside"].values()):
            if row["parked_at"] is not None:
                with database.transaction() as tx:
                    aside.again(tx, row["id"])  # type: ignore[arg-type]
                town.tell("operator", f"{service}: replays", row["type"], row["subject"])
                did = True
    taken = {key for key, _ in town.gateway.ledger}
    for row in list(town.databases["notify"].tables["messages"].values()):
        if row["state"] == "held":
            with town.databases["notify"].transaction() as tx:
                if row["sms"] in taken:
                    held.drop(tx, row["id"], "it arrived", "operator")  # type: ignore[arg-type]
                else:
                    held.send(tx, row["id"])  # type: ignore[arg-type]
            town.tell("operator", "drops" if row["sms"] in taken else "sends again", row["id"])
            did = True
    return did
