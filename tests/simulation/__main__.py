"""`make simulation`: SEEDS=10000 runs so many on all cores, SEED=… runs one and tells its story."""

import gc
import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing import get_context
from typing import NamedTuple

from tests.simulation.faults import KINDS
from tests.simulation.ground import laid
from tests.simulation.seed import simulate
from tests.simulation.story import told

CHUNK = 50
PROGRESS = 1000


class Chunk(NamedTuple):
    """What a run of seeds came to."""

    seeds: int
    failed: list[tuple[int, list[str]]]
    faults: Counter[str]
    points: Counter[str]
    counts: Counter[str]


def run_chunk(first: int) -> Chunk:
    """Runs CHUNK seeds from `first` on."""
    result = Chunk(CHUNK, [], Counter(), Counter(), Counter())
    gc.disable()  # a town is a heap of cycles: looked through once in ten, not a hundred times in each
    with laid():
        for seed in range(first, first + CHUNK):
            outcome = simulate(seed)
            if seed % 10 == 0:
                gc.collect()
            if outcome.findings:
                result.failed.append((seed, [f"{f.kind}: {f.what}: {f.about}" for f in outcome.findings]))
            result.faults.update(outcome.faults)
            result.points.update(outcome.points)
            result.counts.update(outcome.counts)
    return result


def run_many(seeds: int, first: int) -> int:
    """The exit code: 1 where a seed failed or a kind of fault never struck."""
    started, total = time.monotonic(), Chunk(0, [], Counter(), Counter(), Counter())
    for chunk in _chunks(range(first, first + seeds, CHUNK)):
        total = Chunk(
            total.seeds + chunk.seeds,
            total.failed + chunk.failed,
            *(a + b for a, b in zip(total[2:], chunk[2:], strict=True)),
        )  # type: ignore[misc, operator]
        for seed, findings in chunk.failed:
            print(f"FAILED: seed {seed}: {findings[0]}", flush=True)
        if total.seeds % PROGRESS < CHUNK:
            print(
                f"simulation: {total.seeds} seeds, {time.monotonic() - started:.0f} s, {len(total.failed)} failed",
                flush=True,
            )
    return _report(total, time.monotonic() - started)


def _chunks(starts: range) -> Iterator[Chunk]:
    gc.freeze()
    with get_context("fork").Pool(os.cpu_count()) as pool:
        yield from pool.imap_unordered(run_chunk, starts)


def _report(total: Chunk, seconds: float) -> int:
    missing = sorted(KINDS.keys() - total.faults.keys())
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    each = 1000 * (used.ru_utime + used.ru_stime) / total.seeds
    print(f"simulation: {total.seeds} seeds in {seconds:.0f} s, {each:.0f} ms of processor each: ", end="")
    print(", ".join(f"{count} {what}" for what, count in total.counts.most_common()))
    print("faults: " + ", ".join(f"{kind} {total.faults[kind]}" for kind in KINDS))
    print("killed at: " + ", ".join(f"{point} {count}" for point, count in total.points.most_common()))
    for kind in missing:
        print(f"FAILED: no seed met the fault {kind}")
    if total.failed:
        tell(min(seed for seed, _ in total.failed))
    return 1 if missing or total.failed else 0


def tell(seed: int) -> int:
    """Runs one seed and prints its story; 1 if something was broken."""
    with laid():
        outcome = simulate(seed, tell=True)
        for line in told(outcome):
            print(line)
    return 1 if outcome.findings else 0


if __name__ == "__main__":
    if os.environ.get("SEED"):
        sys.exit(tell(int(os.environ["SEED"])))
    sys.exit(run_many(int(os.environ.get("SEEDS") or 10_000), int(os.environ.get("FIRST") or 0)))
