"""One seed from the first letter to rest: turmoil, healing, an operator's hand, and the judgement."""

import traceback
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from referee.verdicts import Finding
from tests.simulation import ground
from tests.simulation.evidence import gather
from tests.simulation.memory import Unmodelled
from tests.simulation.officers import operator
from tests.simulation.people import People
from tests.simulation.processes import staff
from tests.simulation.questions import WRONG, judge
from tests.simulation.street import found
from tests.simulation.town import HOUR, MOST_TURNS, Restless, Town
from tests.simulation.watch import watch

OPERATOR_ROUNDS = 5
NIGHT = 6000  # turns; in the worst mixtures every turn brings more to do than it settles


@dataclass
class Outcome:
    """What one seed came to. `counts`: cases, events, SMS, letters and turns of the scheduler."""

    seed: int
    findings: list[Finding]
    faults: Counter[str]
    points: Counter[str]
    counts: Counter[str]
    town: Town = field(repr=False)


def simulate(seed: int, tell: bool = False, favoured: Collection[str] = ()) -> Outcome:
    """Runs one seed; the same seed always gives the same story. `favoured` faults strike often, whatever the seed."""
    town = Town(seed, tell, favoured)
    ground.enter(town)
    try:
        findings = _run(town)
    except Unmodelled as error:
        raise RuntimeError(str(error)) from None  # where it must be caught by nobody is behind us
    except Restless as error:
        findings = [Finding(WRONG, str(error), f"after {town.turns} turns")]
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        findings = [Finding(WRONG, f"{type(error).__name__}: {error}", f"{where.filename}:{where.lineno}")]
    finally:
        town.close()
    return Outcome(seed, findings, town.faults.struck, town.faults.points, _counts(town), town)


def _run(town: Town) -> list[Finding]:
    watch(town)
    found(town)
    staff(town)
    people = People(town)
    people.begin()
    _rest(town, town.rng.choice((0.0, 30 * HOUR, 100 * HOUR)), NIGHT)
    people.clear_the_desk()
    _rest(town, town.now, NIGHT)
    town.trouble.heal()
    _rest(town, town.now + town.rng.choice((0.0, 2 * HOUR, 100 * HOUR)))
    for _ in range(OPERATOR_ROUNDS):
        if not operator(town):
            break
        _rest(town, town.now)
    return judge(town, gather(town, people))


def _rest(town: Town, end: float, turns: int = MOST_TURNS + 1) -> None:
    """Until nobody has anything to do, or after so many turns of the town; clocks are waited for until `end`."""
    while town.turns < turns and town.turn(end):
        pass


def _counts(town: Town) -> Counter[str]:
    tables = {service: database.tables for service, database in town.databases.items()}
    return Counter(
        cases=len(tables["intake"]["cases"]),
        events=sum(len(each["event_log"]) for each in tables.values()),
        sms=len(town.gateway.ledger),
        letters=len(tables["notify"]["letters"]),
        turns=town.turns,
    )
