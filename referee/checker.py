"""The accountant: decides what was lost and what was done twice, from ledgers, papers and databases alone.

`python -m referee.checker RUN_FOLDER`, with `DATABASE_URL_INTAKE` … `DATABASE_URL_NOTIFY` in the environment.
Prints what it finds, writes `RUN_FOLDER/demo/checker.json`, and ends with 1 if it found anything.
"""

import json
import os
import sys
from collections import Counter
from pathlib import Path

from referee.evidence import Evidence, gather
from referee.verdicts import DOUBLED, LOST, Finding, judge
from services import SERVICES

TOPOLOGY = Path(__file__).parents[1] / "contracts" / "topology.json"
SHOWN = 20


def main(run: Path, urls: dict[str, str]) -> int:
    evidence = gather(run, urls, TOPOLOGY)
    findings = judge(evidence)
    kinds = Counter(finding.kind for finding in findings)
    verdict = {LOST: kinds[LOST], DOUBLED: kinds[DOUBLED], "findings": [finding._asdict() for finding in findings]}
    (run / "demo" / "checker.json").write_text(json.dumps(verdict, ensure_ascii=False, indent=1), encoding="utf-8")
    report(evidence, findings)
    return 1 if findings else 0


def report(evidence: Evidence, findings: list[Finding]) -> None:
    """What was looked at, then every finding up to a screenful."""
    counts = (
        f"{len(evidence.posts)} letters posted", f"{len(evidence.cases)} cases", f"{len(evidence.log)} events",
        f"{len(evidence.messages)} messages in {len(evidence.sms)} SMS", f"{len(evidence.letters)} letters",
        f"{len(evidence.files)} papers",
    )  # fmt: skip
    print(f"checked: {', '.join(counts)}")
    for finding in findings[:SHOWN]:
        print(f"{finding.kind.upper()}: {finding.what}: {finding.about}")
    if len(findings) > SHOWN:
        print(f"… and {len(findings) - SHOWN} more in checker.json")


def urls_from(environment: dict[str, str]) -> dict[str, str]:
    """The four database addresses. Raises SystemExit with a sentence naming what is missing."""
    names = {service: f"DATABASE_URL_{service.upper()}" for service in SERVICES}
    if missing := [name for name in names.values() if not environment.get(name)]:
        raise SystemExit(f"{', '.join(missing)} must be set: the checker reads all four databases.")
    return {service: environment[name] for service, name in names.items()}


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m referee.checker RUN_FOLDER")
    raise SystemExit(main(Path(sys.argv[1]), urls_from(dict(os.environ))))
