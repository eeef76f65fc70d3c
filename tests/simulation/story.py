"""A seed's history in sentences: numbered, with the town's time, who did what, and what was broken in the end."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from chassis.delivery.envelope import PREFIX, Event
from tests.simulation.seed import Outcome
from tests.simulation.town import START, Town


def told(outcome: Outcome) -> Iterator[str]:
    """The whole story, line by line."""
    town = outcome.town
    names = _names(town)
    yield f"Seed {outcome.seed}. Faults: {_faults(outcome)}."
    for n, (moment, who, what, about) in enumerate(town.story or (), 1):
        yield f"{n:5d}  {_time(moment)}  {who}: {what}{_about(about, names)}".rstrip()
    yield ""
    for finding in outcome.findings:
        yield f"BROKEN ({finding.kind}): {finding.what}: {names.get(finding.about, finding.about)}"
    if not outcome.findings:
        yield "Nothing was broken."
    yield f"Again: SEED={outcome.seed} make simulation"


def _faults(outcome: Outcome) -> str:
    return ", ".join(f"{count} × {kind.replace('_', ' ')}" for kind, count in outcome.faults.most_common()) or "none"


def _time(seconds: float) -> str:
    moment = START + timedelta(seconds=seconds, hours=8)
    return f"{moment:%d %b %H:%M:%S}.{moment.microsecond // 1000:03d}"


def _names(town: Town) -> dict[str, str]:
    """Messages, SMS and letters by what they are about instead of by their UUID."""
    tables = town.databases["notify"].tables
    names = {
        row["id"]: f"[{row['case_number']} {row['template']} ({row['event']}) to {row['recipient']}]"
        for row in tables["messages"].values()
    }
    names |= {key: f"SMS {n}" for n, key in enumerate(tables["sms"], 1)}
    letters = tables["letters"].values()
    return names | {row["id"]: f"letter on {row['case_number']} {row['kind']}" for row in letters}


def _about(about: tuple[Any, ...], names: Mapping[str, str]) -> str:
    return "".join(f" {_one(each, names)}" for each in about if each is not None)


def _one(each: Any, names: Mapping[str, str]) -> str:
    if isinstance(each, Event):
        return f"{each.type} #{each.seq} of {names.get(each.subject, each.subject)} from {each.producer}"
    if isinstance(each, Mapping):
        type_ = each.get(f"{PREFIX}type")
        if type_ is None:
            return "a probe"
        subject = each[f"{PREFIX}subject"]
        number = int(each[f"{PREFIX}sequence"])
        return f"{type_.removeprefix('lianxin.').removesuffix('.v1')} #{number} of {names.get(subject, subject)};"
    if isinstance(each, tuple):
        return " ".join(map(str, each))
    words = str(each)
    for id_, name in names.items():
        words = words.replace(id_, name)
    return words
