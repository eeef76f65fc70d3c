"""What differs between a producer's log and one reader, and what to do about it: pure, and as JSON lines."""

import json
from dataclasses import asdict, dataclass, field

from chassis.operating.sections import Unreadable

Place = tuple[int, int]
NAMED = 1000
"""Differences that are named; beyond it they are only counted."""
COUNTS = ("subjects", "behind", "missing", "ahead", "aside", "older")


@dataclass(frozen=True, slots=True)
class Difference:
    """One subject. `behind`: the reader lacks its newest events; `missing`: all; `ahead`: the log lacks what was read.

    `log` and `here` are the places (epoch, seq) in the producer's log and in the reader's `seen`.
    """

    kind: str
    subject: str
    log: Place | None
    here: Place | None
    since: str | None = None


@dataclass
class Comparison:
    """One producer and one reader. `older`: subjects the log may have dropped, since it keeps 90 days."""

    producer: str
    reader: str
    subjects: int = 0
    behind: int = 0
    missing: int = 0
    ahead: int = 0
    aside: int = 0
    older: int = 0
    differences: list[Difference] = field(default_factory=list)

    @property
    def differs(self) -> bool:
        """Whether anything needs to be done."""
        return bool(self.behind or self.missing or self.ahead)

    @property
    def since(self) -> str | None:
        """When a replay has to start to bring everything that is missing; too early is safe."""
        return min((each.since for each in self.differences if each.since), default=None)

    def add(self, difference: Difference) -> None:
        """Counts a difference, and names it while there are not too many."""
        setattr(self, difference.kind, getattr(self, difference.kind) + 1)
        if len(self.differences) < NAMED:
            self.differences.append(difference)


def confirmed(first: Comparison, second: Comparison) -> Comparison:
    """What still differs in a second comparison, made a while later: without what was merely in flight in the first.

    A subject is still behind if it has not even reached what the log held at first, and still ahead if the log has not
    even reached what had been read at first.
    """
    if max(len(first.differences), len(second.differences)) >= NAMED:
        return second
    before = {each.subject: each for each in first.differences}
    result = Comparison(second.producer, second.reader, second.subjects, aside=second.aside, older=second.older)
    for each in second.differences:
        if each.subject in before and _stands(before[each.subject], each):
            result.add(each)
    return result


def _stands(then: Difference, now: Difference) -> bool:
    nothing: Place = (0, 0)
    if "ahead" in (then.kind, now.kind):
        return then.kind == now.kind and (now.log or nothing) < (then.here or nothing)
    return (now.here or nothing) < (then.log or nothing)


def remedy(result: Comparison) -> list[str]:
    """What to do about it, as sentences and commands ready to copy."""
    said = []
    if result.since:
        said.append(f"python -m services.{result.producer} replay --to {result.reader} --since {result.since}")
    if result.ahead:
        said.append(f"{result.producer} lost the end of its log: docs/runbooks/restored-database.md")
    return said


def as_json(result: Comparison) -> str:
    """One line for scripts, and for `--again`."""
    return json.dumps(asdict(result) | {"differs": result.differs, "remedy": remedy(result)})


def from_json(line: str) -> Comparison:
    """What `as_json` wrote. Raises Unreadable."""
    try:
        value = json.loads(line)
        differences = [
            Difference(d["kind"], d["subject"], _place(d["log"]), _place(d["here"]), d["since"])
            for d in value["differences"]
        ]
        counts = {name: value[name] for name in COUNTS}
        return Comparison(value["producer"], value["reader"], differences=differences, **counts)
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable("not the output of `reconcile --json`") from error


def _place(written: list[int] | None) -> Place | None:
    return (written[0], written[1]) if written else None
