"""What goes wrong, how often, and how often it did. Each seed draws its own mixture, down to none of a kind."""

from collections import Counter
from collections.abc import Collection
from random import Random

# Chance at each opportunity of a middling night; a seed multiplies it, and leaves some kinds out.
KINDS = {
    "crash": 0.006,  # a process is killed between two steps
    "hang": 0.004,  # a process stands still for up to a minute between two steps
    "restart": 0.002,  # a process is killed while at rest
    "time_jump": 0.004,  # minutes pass in which nothing runs
    "database_away": 0.01,  # a transaction can't begin
    "commit_unanswered": 0.006,  # it committed, and nobody was told
    "statement_refused": 0.01,  # a batch is rolled back for a reason that is not the database's absence
    "fold_fails": 0.015,  # an event can't be understood, once or again and again
    "event_kills": 0.006,  # an event takes the process with it, once or again and again
    "broker_away": 0.003,
    "confirm_lost": 0.03,  # the broker took some of a batch, and the relay was not told
    "connection_lost": 0.004,  # a consumer's: all it had not acknowledged comes back
    "delivery_delayed": 0.01,  # one queue gives nothing for a while, so that producers overtake each other
    "late_duplicate": 0.01,  # an old message comes once more
    "replay": 0.0015,  # a producer's whole log comes once more
    "answer_lost": 0.05,  # a command was carried out, and who gave it was not told
    "asked_twice": 0.05,  # a command is given again while the first is still under way
    "gateway_silent": 0.12,  # no answer: taken, not taken, or taken later
    "gateway_busy": 0.06,
    "gateway_refuses": 0.02,
    "lookup_silent": 0.15,
    "contacts_silent": 0.1,  # intake does not say how a resident is reached
    "printer_fails": 0.15,
}
# These strike between two steps of whoever runs; the others where a step gives them the opportunity.
AROUND = ("restart", "time_jump", "broker_away", "connection_lost", "delivery_delayed", "late_duplicate", "replay")
FAVOURED = 5.0
LEVELS = (0.0, 0.5, 1.0, 1.0, 2.0, 4.0)


class Faults:
    """`strikes(kind)` decides one opportunity; `heal` ends them all. `favoured` kinds strike often in every seed."""

    def __init__(self, chance: Random, favoured: Collection[str] = ()) -> None:
        self.chance = chance
        level = chance.choice(LEVELS)
        self.rates = {kind: level * rate * (chance.random() < 0.7) for kind, rate in KINDS.items()}
        self.rates |= {kind: FAVOURED * KINDS[kind] for kind in favoured}
        self.around = sum(self.rates[kind] for kind in AROUND)
        self.struck: Counter[str] = Counter()
        self.points: Counter[str] = Counter()

    def strikes(self, kind: str) -> bool:
        rate = self.rates[kind]
        if rate and self.chance.random() < rate:
            self.struck[kind] += 1
            return True
        return False

    def struck_around(self) -> str | None:
        """Which of the faults around the processes strikes now, if any: one draw for all of them."""
        drawn = self.chance.random()
        if drawn >= self.around:
            return None
        for kind in AROUND:
            drawn -= self.rates[kind]
            if drawn < 0:
                self.struck[kind] += 1
                return kind
        return None

    def heal(self) -> None:
        self.rates, self.around = dict.fromkeys(KINDS, 0.0), 0.0
