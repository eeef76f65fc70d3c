"""What the processes, databases and queues hold, before the first fault and after the last: for boundedness."""

import time
from pathlib import Path
from urllib.parse import quote

from deploy.machine.child import descendants
from referee.invariants.rest import PROBES
from services import SERVICES
from tests.chaos.stand import Stand

QUEUES = f"/queues/{quote('/', safe='')}?disable_stats=true&enable_queue_totals=true"
COUNTED_WITHIN = 12.0


def take(stand: Stand, when: str) -> None:
    """Memory and open files of each process, connections and locks of each database, messages in each queue."""
    for process in stand.system.processes.all.values():
        pids = [process.pid, *descendants(process.pid)]
        facts = {"rss_kb": sum(map(_memory, pids)), "fds": sum(map(_files, pids))}
        stand.notes.write("samples", when=when, process=process.name, **facts)
        metrics = stand.folder.made("metrics") / f"{process.name}.txt"
        metrics.write_text(process.ops("/metrics")[1], encoding="utf-8")
    for service in SERVICES:
        with stand.database(service) as cursor:
            cursor.execute("select count(*) from pg_stat_activity where datname = current_database()")
            connections = cursor.fetchone()[0]
            cursor.execute(
                "select count(*) from pg_locks where not granted or (pid <> pg_backend_pid() and mode = 'AccessExclusiveLock')"
            )
            locks = cursor.fetchone()[0]
        stand.notes.write("samples", when=when, database=service, connections=connections, locks=locks)
    _count_messages(stand, when)


def _count_messages(stand: Stand, when: str) -> None:
    """Looks again while a queue seems to hold some: the broker counts a quorum queue only every five seconds."""
    until = time.monotonic() + COUNTED_WITHIN
    while True:
        counts = {
            queue["name"]: queue.get("messages", 0)
            for queue in stand.rabbit.api("GET", QUEUES)
            if not queue["name"].startswith("rpc")
        }
        for name, messages in counts.items():
            stand.notes.write("samples", when=when, queue=name, messages=messages)
        if max(counts.values(), default=0) <= PROBES or time.monotonic() > until:
            return
        time.sleep(0.5)


def _memory(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")), 0)


def _files(pid: int) -> int:
    try:
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except OSError:
        return 0
