"""The accounts at the end: every figure counted in the event logs and ledgers, none remembered by the driver."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deploy.demo.residents import Posted
from referee.books import Books

LOUD = "not cast(data ->> 'silent' as boolean)"
CLOCKS = ("accept", "dispatch", "contact", "close")
LABELS = {
    "read": "读到来信",
    "submitted": "收到",
    "refused_by_validation": "因填写不合要求退回",
    "accepted": "受理",
    "dispatched": "分拨",
    "dispatched_automatically": "其中自动分拨",
    "closed": "办结",
    "warned": "预警（黄）",
    "breached": "超时警报（红）",
    "breached_by_clock": "各时限超时",
    "proposed": "拟发警示函",
    "letters": "送达警示函",
    "left_alone": "有意不办",
    "sms": "短信",
    "lost": "丢失",
    "doubled": "重复",
    "seconds": "用时（秒）",
}


def figures(
    books: Books,
    read: int,
    posted: Sequence[Posted],
    left_alone: int,
    sms: int,
    verdict: Mapping[str, Any],
    seconds: float,
) -> dict[str, Any]:
    """The summary: of the cases of this run alone, whatever an earlier run has left in the databases.

    From `submitted` to `closed` it counts the letters of the file; imported cases only from `warned` on.
    """
    channels = {event["number"]: event["channel"] for event in books.events("intake", "case.submitted")}
    cases, letters = set(channels), {number for number, channel in channels.items() if channel != "import"}
    dispatched = _of(letters, books.events("dispatch", "case.dispatched"))
    breaches = Counter(event["kind"] for event in _of(cases, books.events("sla", "clock.breached", LOUD)))
    return {
        "read": read,
        "submitted": len(letters),
        "refused_by_validation": sum(each.outcome == "refused_by_validation" for each in posted),
        "accepted": len(_of(letters, books.events("intake", "case.accepted"))),
        "dispatched": len({event["number"] for event in dispatched}),
        "dispatched_automatically": len({e["number"] for e in dispatched if e["dispatched_by"] == "rule"}),
        "closed": len({event["number"] for event in _of(letters, books.events("dispatch", "case.closed"))}),
        "warned": len(_of(cases, books.events("sla", "clock.warned", LOUD))),
        "breached": breaches["close"],
        "breached_by_clock": {kind: breaches[kind] for kind in CLOCKS},
        "proposed": len(_of(cases, books.events("notify", "letter.proposed"))),
        "letters": len(_of(cases, books.events("notify", "letter.issued"))),
        "left_alone": left_alone,
        "sms": sms,
        "lost": verdict["lost"],
        "doubled": verdict["doubled"],
        "seconds": round(seconds, 1),
    }


def _of(cases: set[str], events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those events that are about one of the cases; a letter's event names its case as `case`."""
    return [event for event in events if event.get("case", event.get("number")) in cases]


def mistakes(summary: Mapping[str, Any]) -> list[str]:
    """Why the accounts are not in order; empty when they are."""
    wrong = [
        f"{name} = {summary[name]}, left_alone = {summary['left_alone']}"
        for name in ("breached", "proposed", "letters")
        if summary[name] != summary["left_alone"]
    ]
    wrong += [f"{name} = {summary[name]}" for name in ("lost", "doubled") if summary[name]]
    late = {kind: count for kind, count in summary["breached_by_clock"].items() if kind != "close" and count}
    wrong += [f"{count} breaches of {kind}, which nobody left alone" for kind, count in late.items()]
    if summary["read"] != summary["submitted"] + summary["refused_by_validation"]:
        wrong.append("read ≠ submitted + refused_by_validation")
    return wrong


def table(summary: Mapping[str, Any]) -> list[str]:
    """The summary as lines: Chinese label, key, figure."""
    return [f"{_padded(LABELS[name], 26)}{name:<26}{_shown(value):>10}" for name, value in summary.items()]


def _shown(value: Any) -> str:
    return " ".join(f"{name} {count}" for name, count in value.items()) if isinstance(value, Mapping) else str(value)


def _padded(text: str, width: int) -> str:
    """Padded for a terminal, where a Chinese character is two cells wide."""
    return text + " " * max(0, width - sum(2 if ord(character) > 0x2E80 else 1 for character in text))


def write_outcomes(path: Path, posted: Sequence[Posted], states: Mapping[str, str]) -> None:
    """One line per letter of the file, in its order: how posting it ended and where its case stands."""
    with path.open("w", encoding="utf-8") as file:
        for each in sorted(posted, key=lambda one: one.letter.line):
            outcome = states.get(each.number, each.outcome) if each.number else each.outcome
            errors = [error.get("message") for error in each.data.get("errors") or ()]
            line = {
                "line": each.letter.line, "outcome": outcome, "number": each.number, "status": each.status,
                "code": each.data.get("code"), "errors": errors, "tries": each.tries, "seconds": round(each.seconds, 3),
            }  # fmt: skip
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
