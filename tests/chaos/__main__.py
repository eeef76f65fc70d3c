"""`make chaos`: three minutes of faults on real processes, or as many runs and hours as asked for.

FAULT_SECONDS=60 is for a shorter look: fewer of the faults fit in, and those that do are judged as ever.
SEED=7 repeats the run of that seed. RUNS=20 does so many with consecutive seeds and judges what they injected together.
HOURS=8 goes on for so long. BROKER=4 takes RabbitMQ 4. KEEP=1 keeps the evidence of green runs too; that of red ones is
always kept, in .run/chaos/<seed>/. Exit code 1 if anything was violated, or a fault or failpoint never happened.
"""

import json
import os
import random
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from deploy.machine.folder import ROOT, Folder
from deploy.machine.trouble import Trouble
from deploy.servers.rabbit import Rabbit
from deploy.system import testbed
from referee.invariants import checker
from tests.chaos.faults import FAULTS
from tests.chaos.nemesis import points
from tests.chaos.run import play
from tests.chaos.stand import Stand

RESULTS = ROOT / ".run" / "chaos"
SECONDS = float(
    os.environ.get("FAULT_SECONDS") or 105
)  # of faults; with starting, healing and coming to rest a run takes three minutes
ENOUGH = 3  # injections of each fault that the runs of a release need
LEDGERS = ("*.jsonl", "checker.json", "demo/*", "failpoints/*", "logs/*", "metrics/*")
SUMMED = ("cases", "events", "alerts", "sms", "letters", "lost", "doubled_sms", "doubled_breaches", "doubled_letters")


def main() -> int:
    """Runs, and says at the end what they were worth."""
    broker, runs = _broker(), []
    for seed in _seeds():
        runs.append(_run(seed, broker))
        _write(runs, broker)
        if runs[-1]["violations"]:
            print(f"RED. Again with SEED={seed} make chaos; evidence in {RESULTS / str(seed)}", flush=True)
            return 1
    return _conclude(runs)


def _seeds() -> Iterator[int]:
    first = int(os.environ.get("SEED") or random.randrange(1_000_000))
    until = time.monotonic() + 3600 * float(os.environ.get("HOURS") or 0)
    runs = int(os.environ.get("RUNS") or 1)
    n = 0
    while n < runs or time.monotonic() < until:
        yield first + n
        n += 1


def _broker() -> type[Rabbit]:
    if (os.environ.get("BROKER") or "3") == "3":
        return Rabbit
    from tests.chaos.broker4 import Rabbit4

    return Rabbit4


def _run(seed: int, broker: type[Rabbit]) -> dict[str, Any]:
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {text}", flush=True)

    say(f"seed {seed}: {SECONDS:.0f} s of faults")
    with testbed.folder() as folder:
        try:
            found = play(folder, seed, SECONDS, broker, say, _judge)
        except (AssertionError, Trouble) as red:  # what did not come to rest, or did not get up again, is red too
            say(str(red))
            found = {"violations": {"rest": str(red)}}
        result = {"seed": seed, "seconds": round(time.monotonic() - began), **found, **_injected(folder.path)}
        if found["violations"] or os.environ.get("KEEP"):
            _keep(folder, seed)
    say(f"seed {seed} is {'RED' if found['violations'] else 'green'}: {_table(result['faults'])}")
    say(f"failpoints: {_table(result['failpoints'])}")
    return result


def _judge(stand: Stand) -> dict[str, Any]:
    found = checker.check(stand.path, stand.direct)
    found.pop("findings")
    return found


def _injected(path: Path) -> dict[str, dict[str, int]]:
    """What was done, from the ledgers: faults that could be undone again, and failpoints that fired."""
    faults = Counter(line["fault"] for line in _lines(path / "faults.jsonl") if line["what"] == "end")
    faults.subtract(line["fault"] for line in _lines(path / "not_done.jsonl") if "target" in line)
    hits = Counter(f"{line['failpoint']} {line['action']}" for line in _lines(path / "failpoints" / "hits.jsonl"))
    return {
        "faults": dict(sorted(faults.items(), key=lambda item: int(item[0][1:]))),
        "failpoints": dict(sorted(hits.items())),
    }


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _table(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} × {count}" for name, count in counts.items()) or "none"


def _keep(folder: Folder, seed: int) -> None:
    kept = RESULTS / str(seed)
    shutil.rmtree(kept, ignore_errors=True)
    for pattern in LEDGERS:
        for file in folder.path.glob(pattern):
            target = kept / file.relative_to(folder.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)


def _write(runs: Sequence[dict[str, Any]], broker: type[Rabbit]) -> None:
    RESULTS.mkdir(parents=True, exist_ok=True)
    summary = {"seed": [run["seed"] for run in runs], "broker": 4 if broker is not Rabbit else 3}
    summary |= {name: sum(run.get(name, 0) for run in runs) for name in (*SUMMED, "early_breaches", "reordered")}
    summary["recovery_seconds"] = {
        what: max((s for run in runs if (s := run.get("recovery_seconds", {}).get(what)) is not None), default=None)
        for what in ("service", "postgres", "broker")
    }
    summary |= {"faults": _union(runs, "faults"), "failpoints": _union(runs, "failpoints"), "runs": list(runs)}
    (RESULTS / "results.json").write_text(json.dumps(summary, ensure_ascii=False, indent=1), encoding="utf-8")


def _union(runs: Sequence[dict[str, Any]], what: str) -> dict[str, int]:
    total: Counter[str] = Counter()
    for run in runs:
        total.update(run[what])
    return dict(sorted(total.items()))


def _conclude(runs: Sequence[dict[str, Any]]) -> int:
    """Of several runs together, no fault may be missing; one run alone can't hold them all."""
    print(f"{len(runs)} green: seeds {', '.join(str(run['seed']) for run in runs)}; {RESULTS / 'results.json'}")
    if len(runs) < len(FAULTS):
        return 0
    faults, hits = _union(runs, "faults"), _union(runs, "failpoints")
    missing = [f"{kind} only {faults.get(kind, 0)} times" for kind in FAULTS if faults.get(kind, 0) < ENOUGH]
    missing += [f"{point} never" for point in points() if not any(hit.split()[0] == point for hit in hits)]
    print("together: " + _table(faults) + "\ntogether: " + _table(hits))
    print("\n".join(f"MISSING: {each}" for each in missing) or "every fault and every failpoint happened")
    return 1 if missing else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Trouble as trouble:
        sys.exit(str(trouble))
