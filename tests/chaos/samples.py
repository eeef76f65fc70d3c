"""What the processes, databases and queues hold, before the first fault and after the last: for boundedness."""

from pathlib import Path
from urllib.parse import quote

from deploy.local.child import descendants
from deploy.local.environment import SERVICES
from tests.chaos.stand import Stand


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
    for queue in stand.rabbit.api("GET", f"/queues/{quote('/', safe='')}?disable_stats=true&enable_queue_totals=true"):
        if not queue["name"].startswith("rpc"):
            stand.notes.write("samples", when=when, queue=queue["name"], messages=queue.get("messages", 0))


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
