"""Runs every check and says what each found, what it skipped and how long it took.

Exit code 1 on any finding; where `CI=true`, also when anything was skipped.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from deploy.check.finding import Check, Finding, Skipped
from deploy.check.table import CHECKS
from deploy.machine.folder import ROOT


@dataclass(frozen=True)
class Outcome:
    """What one check said: its findings, or why it did not look; and its seconds."""

    check: Check
    findings: tuple[Finding, ...]
    skipped: str
    seconds: float


def look(check: Check, root: Path) -> Outcome:
    """Runs one check; each finding is said once, however many renderings repeat it."""
    began, skipped, found = time.monotonic(), "", set()
    try:
        for finding in check.look(root):
            found.add(finding)
    except Skipped as reason:
        skipped = str(reason)
    except Exception as trouble:  # a file that nobody can read must not hide what the other checks find
        found.add(Finding("", check.name, f"could not look: {type(trouble).__name__}: {trouble}"))
    return Outcome(check, tuple(sorted(found)), skipped, time.monotonic() - began)


def tell(outcome: Outcome) -> None:
    for finding in outcome.findings:
        print(f"  {finding}")
    verdict = f"{len(outcome.findings)} found" if outcome.findings else "SKIPPED" if outcome.skipped else "ok"
    line = f"{verdict:>10}  {outcome.check.name:<14}{outcome.seconds:5.1f} s  {outcome.check.proves}"
    print(line, flush=True)
    if outcome.skipped:
        print(f"{'':>10}  !! SKIPPED {outcome.check.name}: {outcome.skipped}", flush=True)


def summary(outcomes: Iterable[Outcome], seconds: float) -> str:
    """The last lines: the numbers, and once more what nobody has looked at."""
    outcomes = list(outcomes)
    found = sum(len(each.findings) for each in outcomes)
    skipped = [each.check.name for each in outcomes if each.skipped]
    text = f"ops-check: {len(outcomes)} checks, {found} findings, {len(skipped)} skipped, {seconds:.1f} s"
    return text + (f"\nops-check: NOT CHECKED on this machine: {', '.join(skipped)}" if skipped else "")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.check", description=__doc__)
    parser.add_argument("only", nargs="*", choices=[[], *(each.name for each in CHECKS)], help="these checks only")
    asked = parser.parse_args(arguments).only
    began, outcomes = time.monotonic(), []
    chosen = [check for check in CHECKS if not asked or check.name in asked]
    with ThreadPoolExecutor(max_workers=2) as both:  # most of the time other programs work
        for outcome in both.map(lambda check: look(check, ROOT), chosen):
            outcomes.append(outcome)
            tell(outcome)
    print(summary(outcomes, time.monotonic() - began))
    return int(any(each.findings or (each.skipped and os.environ.get("CI") == "true") for each in outcomes))


if __name__ == "__main__":
    sys.exit(main())
