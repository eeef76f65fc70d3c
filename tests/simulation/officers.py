"""Those in office: officers who act in time or don't, leaders who sign, and the operator once everything works again."""

from collections.abc import Callable
from typing import Any

from chassis.delivery import aside
from services.dispatch import commands as dispatch
from services.dispatch.domain import requests
from services.intake.commands import deciding
from services.intake.domain.case import Reason
from services.notify.commands import held, letters
from tests.simulation.doors import Doors, unchecked
from tests.simulation.processes import NOTIFY
from tests.simulation.street import UNITS
from tests.simulation.town import HOUR, Town

GAPS = (0.0, 1.0, 60.0, 0.3 * HOUR, 0.8 * HOUR, 1.2 * HOUR, 2.5 * HOUR, 10 * HOUR, 19 * HOUR, 23.9 * HOUR, 26 * HOUR, 60 * HOUR)  # fmt: skip


class Officer:
    """Takes one case as far as patience goes, one step at a time, some of them late."""

    def __init__(self, doors: Doors, number: str, patience: int) -> None:
        self.doors, self.number, self.patience, self.steps = doors, number, patience, 0
        self.town, self.rng = doors.town, doors.rng
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
        self.doors.do(service, "officer", key, lambda tx: str(command(tx).number), self._later)

    def _later(self, answer: str | None) -> None:
        self.town.at(self.town.now + self.rng.choice(GAPS) * self.rng.uniform(0.5, 1.1), self.act)

    def _next_step(self) -> tuple[str, str, Callable[[Any], Any] | None]:
        number = self.number
        if self.town.databases["intake"].tables["cases"][number]["state"] == "submitted":
            if self.rng.random() < 0.15:
                return "intake", "refuse", lambda tx: deciding.refuse(tx, number, Reason.NOT_IN_SCOPE)
            return "intake", "accept", lambda tx: deciding.accept(tx, number)
        row = self.town.databases["dispatch"].tables["cases"].get(number)
        steps: dict[str, Callable[[Any], tuple[str, Callable[[Any], Any]]]] = {
            "waiting": self._dispatch,
            "dispatched": self._receive,
            "handed_back": self._rule,
            "acknowledged": self._contact,
            "handling": lambda row: (
                "reply",
                lambda tx: dispatch.reply(tx, number, requests.Reply("已经处理完毕"), self._of(row)),
            ),
            "replied": self._review,
        }
        if row is None or row["state"] not in steps:
            return "dispatch", "", None
        if self.rng.random() < 0.04 and (other := self._another(row)):
            return "dispatch", "merge", lambda tx: dispatch.merge(tx, number, requests.Merge(other), self._of(row))
        return ("dispatch", *steps[row["state"]](row))

    def _of(self, row: Any) -> dispatch.Officer:
        roles = frozenset({"centre", "leader", "supervisor"})
        return dispatch.Officer("o1", roles, row["unit"], frozenset({*roles, f"unit:{row['unit']}"}), unchecked)

    def _dispatch(self, row: Any) -> tuple[str, Callable[[Any], Any]]:
        unit = self.rng.choice([code for code in UNITS[1:] if code not in row["about"]])
        asked = requests.Dispatch(unit=unit, helpers=(), complexity=self.rng.choice(("simple", "complex")))
        return "dispatch", lambda tx: dispatch.dispatch(tx, self.number, asked, self._of(row))

    def _receive(self, row: Any) -> tuple[str, Callable[[Any], Any]]:
        """Ours, or not."""
        if self.rng.random() < 0.15:
            reason = requests.HandBack("not_our_duty", "不属于本单位职责。")
            return "hand back", lambda tx: dispatch.hand_back(tx, self.number, reason, self._of(row))
        return "acknowledge", lambda tx: dispatch.acknowledge(tx, self.number, requests.Acknowledge(), self._of(row))

    def _rule(self, row: Any) -> tuple[str, Callable[[Any], Any]]:
        unit = self.rng.choice([row["unit"], *(code for code in UNITS[1:] if code not in row["about"])])
        ruling = requests.Rule(unit=unit, reason="按职责清单裁定。")
        return "rule", lambda tx: dispatch.rule(tx, self.number, ruling, self._of(row))

    def _another(self, row: Any) -> str | None:
        """Another case that this one might be part of."""
        cases = self.town.databases["dispatch"].tables["cases"].values()
        known = [each["number"] for each in cases if each["number"] != self.number and each["state"] != "submitted"]
        return self.rng.choice(sorted(known)) if known else None

    def _contact(self, row: Any) -> tuple[str, Callable[[Any], Any]]:
        told = requests.Contact("已联系", "telephone")
        return "contact", lambda tx: dispatch.contact(tx, self.number, told, self._of(row))

    def _review(self, row: Any) -> tuple[str, Callable[[Any], Any]]:
        if self.sendings_back:
            self.sendings_back -= 1
            return "send back", lambda tx: dispatch.send_back(
                tx, self.number, requests.SendBack("不够具体"), self._of(row)
            )
        return "close", lambda tx: dispatch.close(tx, self.number, requests.Close("solved"), self._of(row))


class Leader:
    """Signs, declines, and has units acknowledge."""

    def __init__(self, doors: Doors) -> None:
        self.doors, self.town, self.rng, self.calls = doors, doors.town, doors.rng, 0

    def sit(self, times: int) -> Callable[[], None]:
        """An errand: decides about every letter on the desk, now and `times` - 1 times more."""

        def act() -> None:
            for row in list(self.town.databases["notify"].tables["letters"].values()):
                if row["state"] in ("proposed", "issued"):
                    self._decide(row["id"], row["state"], row["unit"])
            if times > 1:
                self.town.at(self.town.now + self.rng.choice(GAPS[2:]), self.sit(times - 1))

        return act

    def _decide(self, letter: str, state: str, unit: str) -> None:
        officer = letters.Officer(subject="leader", unit=unit, scopes=frozenset({f"unit:{unit}"}), expect=unchecked)
        commands: dict[str, Callable[[Any], Any]] = {
            "sign": lambda tx: letters.sign(tx, NOTIFY, letter, officer),  # type: ignore[arg-type]
            "decline": lambda tx: letters.decline(tx, letter, "情况特殊", officer),
            "acknowledge": lambda tx: letters.acknowledge(tx, letter, officer),
        }
        asked = "acknowledge" if state == "issued" else self.rng.choice(("sign", "sign", "sign", "decline"))
        self.calls += 1
        self.doors.do(
            "notify", "leader", f"{asked} {letter} {self.calls}", lambda tx: commands[asked](tx).id, unchecked
        )


def operator(town: Town) -> bool:
    """What a person does once everything works again: replays what was parked, settles what is held; true if any."""
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
