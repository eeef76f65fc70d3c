"""Front doors: a command is given with its Idempotency-Key, and again until it is answered, as our pages do."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from types import SimpleNamespace
from typing import Any

from chassis.errors import DomainError
from services.intake.commands.context import Context
from services.intake.commands.numbers import Numbers
from services.intake.domain import emergency
from services.intake.domain.identity import Writer
from services.intake.store import SealedIdentity
from tests.simulation.town import FORESEEN, Loop, Process, Town

RULES = emergency.load(emergency.SHIPPED.read_text(encoding="utf-8"))


class Secrecy:
    """Intake's, without the cipher: what is sealed here is only tested for being the writer's own."""

    def seal(self, number: str, writer: Writer) -> SealedIdentity:
        mobile = self.hash("mobile", writer.mobile) if writer.mobile else None
        return SealedIdentity(number, json.dumps(asdict(writer)).encode(), mobile, b"code")

    def open(self, sealed: SealedIdentity) -> Writer:
        return writer_of(sealed.sealed)

    def hash(self, kind: str, value: str) -> bytes:
        return f"{kind} {value}".encode()


def writer_of(sealed: bytes) -> Writer:
    return Writer(**json.loads(sealed))


@dataclass
class Calm:
    """A database whose transactions let nobody overtake: for what runs under a lock between threads."""

    database: Any

    def transaction(self) -> Any:
        return self.database.transaction(switch=False)


class Doors:
    """The api processes of one town; each request may die alone."""

    def __init__(self, town: Town) -> None:
        self.town, self.rng = town, town.rng
        self.context = _context(town)

    def ask(
        self, service: str, who: str, key: str, command: Callable[[Any], str], then: Callable[[str | None], None]
    ) -> None:
        """Gives a command until it is answered. `then` learns the answer, or None for a refusal."""
        town = self.town
        process = Process(f"{service} front door")

        def again() -> None:
            if not process.answered:  # type: ignore[attr-defined]
                self.context = _renewed(self.context, town)
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
            self.ask(service, who, key, command, unchecked)


def _context(town: Town) -> Any:
    settings = SimpleNamespace(
        community_codes=frozenset({"C01"}), limit_submissions=False, emergency_rules=RULES, number_prefix="XA",
        accept_automatically=town.rng.random() < 0.7,
    )  # fmt: skip
    numbers = Numbers(Calm(town.databases["intake"]), "XA", 3)  # type: ignore[arg-type]
    return Context(settings, numbers, Secrecy())  # type: ignore[arg-type]


def _renewed(context: Any, town: Town) -> Any:
    """A front door that died takes its block of numbers with it."""
    return Context(context.settings, Numbers(Calm(town.databases["intake"]), "XA", 3), context.secrecy)  # type: ignore[arg-type]


def unchecked(value: Any) -> None:
    """Whoever acts has seen the newest revision, and waits for no answer."""
