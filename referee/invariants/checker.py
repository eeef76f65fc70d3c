"""Decides, from a run's ledgers and databases alone, whether the invariants held.

`python -m referee.invariants.checker RUN_FOLDER`, with DATABASE_URL_INTAKE … DATABASE_URL_NOTIFY in the environment.
Prints a table, invariant by findings, and the first findings; writes `RUN_FOLDER/checker.json`; ends with 1 on any.
"""

import json
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from referee.checker import TOPOLOGY, urls_from
from referee.invariants import INVARIANTS, judge
from referee.invariants.clocks import disturbances, lateness
from referee.invariants.evidence import Evidence
from referee.invariants.findings import DOUBLED, EARLY, LOST, REORDERED, Finding
from referee.invariants.gathering import gather
from referee.invariants.recovery import isolated, recovery_seconds

SHOWN_OF_EACH = 5


def check(run: Path, urls: Mapping[str, str]) -> dict[str, Any]:
    """Gathers, judges, prints; the counts and findings, as `checker.json` has them."""
    evidence = gather(run, urls, TOPOLOGY)
    findings = judge(evidence)
    results = counts(evidence, findings)
    say("\n".join(table(findings)))
    say(json.dumps({name: value for name, value in results.items() if name != "findings"}))
    (run / "checker.json").write_text(json.dumps(results, ensure_ascii=False, indent=1), encoding="utf-8")
    return results


def counts(evidence: Evidence, findings: Sequence[Finding]) -> dict[str, Any]:
    """What `results.json` tells of a run, and every finding."""
    of = Counter((each.invariant, each.kind) for each in findings)
    late = [by.total_seconds() for by, _, _ in lateness(evidence, disturbances(evidence))]
    took = [seconds for _, seconds in isolated(evidence) if seconds is not None]
    return {
        "cases": len(evidence.cases("intake")),
        "events": len(evidence.log),
        "alerts": len(late),
        "sms": sum(not taken.repeat for taken in evidence.gateway),
        "letters": len(evidence.rows("notify.letters")),
        "lost": sum(each.kind == LOST for each in findings),
        "doubled_sms": of["I5", DOUBLED],
        "doubled_breaches": of["I9", DOUBLED],
        "doubled_letters": of["I8", DOUBLED],
        "early_breaches": of["I9", EARLY],
        "reordered": sum(each.kind == REORDERED for each in findings),
        "recovery_seconds": recovery_seconds(evidence),
        "longest_lateness_seconds": round(max(late, default=0.0), 2),
        "isolated_letters": len(took),
        "longest_isolated_seconds": round(max(took, default=0.0), 2),
        "violations": {name: n for name in INVARIANTS if (n := sum(each.invariant == name for each in findings))},
        "findings": [each._asdict() for each in findings],
    }


def table(findings: Sequence[Finding]) -> list[str]:
    """A line for each invariant, and under those that were broken the first findings."""
    told = []
    for name, question in INVARIANTS.items():
        ours = [each for each in findings if each.invariant == name]
        told.append(f"{name:>4} {question.__name__.replace('_', ' '):<26} {len(ours) or 'ok'}")
        told += [f"       {each.kind}: {each.what}: {each.about}" for each in ours[:SHOWN_OF_EACH]]
    return told


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


def main() -> int:
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m referee.invariants.checker RUN_FOLDER")
    return 1 if check(Path(sys.argv[1]), urls_from(dict(os.environ)))["findings"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
