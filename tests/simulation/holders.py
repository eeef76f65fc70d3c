"""Residents after the letter: each looks in now and then, adds to it, takes it back, or rates how it ended."""

from collections.abc import Callable
from typing import Any

from services.intake.commands import holder
from services.intake.domain.holder import REOPENING_GRADES, Grade
from services.intake.domain.requests import RatingRequest, SupplementRequest
from tests.simulation.doors import Doors, unchecked
from tests.simulation.officers import GAPS


class Holder:
    """Holds the query code of one case. `again` is called when a dissatisfied rating lets the case be done again."""

    def __init__(self, doors: Doors, number: str, again: Callable[[], None]) -> None:
        self.doors, self.number, self.again = doors, number, again
        self.town, self.rng = doors.town, doors.rng
        self.looks = self.rng.choice((0, 0, 1, 2, 4))
        self.takes_back = self.rng.random() < 0.15
        self.asked = 0

    def wait(self) -> None:
        """Looks in after a while, until tired of it."""
        if self.looks:
            self.looks -= 1
            self.town.at(self.town.now + self.rng.choice(GAPS) * self.rng.uniform(0.5, 1.1), self._look)

    def _look(self) -> None:
        handling = self.town.databases["intake"].tables["progress"].get(self.number, {}).get("handling") or {}
        if handling.get("closed_at"):
            grade = self.rng.choice(list(Grade))
            self._ask(
                "rate", lambda tx: holder.rate(tx, self.doors.context, self.number, RatingRequest(grade, "说说感受"))
            )
            if grade in REOPENING_GRADES:
                self.again()
        elif self.takes_back and self.rng.random() < 0.5:
            self._ask("withdraw", lambda tx: holder.withdraw(tx, self.doors.context, self.number))
        else:
            self._ask(
                "supplement",
                lambda tx: holder.supplement(tx, self.doors.context, self.number, SupplementRequest("又看到一次。")),
            )
        self.wait()

    def _ask(self, what: str, command: Callable[[Any], None]) -> None:
        self.asked += 1

        def given(tx: Any) -> str:
            command(tx)
            return self.number

        self.doors.do("intake", "resident", f"{what} {self.number} {self.asked}", given, unchecked)
