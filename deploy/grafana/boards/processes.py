"""Services, what they stand on: the database below, the processes, their releases and backups, the cluster."""

from deploy.grafana.board import Bounds, Panel, Query, Row, Shape, runbook
from deploy.grafana.boards.chosen import AWAY, BACKUP_AGE, BACKUP_LATE, POSTGRES, SERVICE
from deploy.grafana.promql import of, per_minute, quantile, rate, read, within

PROCESS = "service, process, instance"
NAMED = "{{service}} {{process}} {{instance}}"
POD = 'pod=~"lianxin-.+"'
CONTAINER = 'container!=""'
MEMORY = 'resource="memory"'
DEPLOYMENT = 'deployment=~"lianxin-.+"'


DATABASE = Row(
    "The database below (more on the published PostgreSQL dashboards)",
    [
        Panel(
            "Waiting for a connection",
            "From asking the pool to having a connection, 99 of 100 within; long if pool or database is too small.",
            [
                Query(
                    quantile(0.99, "lianxin_pool_wait_seconds", "service, process", SERVICE), "{{service}} {{process}}"
                )
            ],
            "s",
            width=12,
            bounds=Bounds(0.1, 1, "s"),
            links=[AWAY, *POSTGRES],
        ),
        Panel(
            "Connections",
            "Connections a process holds, in use and idle.",
            [
                Query(
                    f"sum by (service, process, state) ({of('lianxin_pool_connections', SERVICE)})",
                    "{{service}} {{process}} {{state}}",
                )
            ],
            "none",
            width=12,
            links=[AWAY, *POSTGRES],
        ),
    ],
)

PROCESSES = Row(
    "The processes",
    [
        Panel(
            "Processor time",
            "Processors in use by a process; a worker's event loop has one at most.",
            [Query(rate("process_cpu_seconds_total", PROCESS, SERVICE), NAMED)],
            "none",
            bounds=Bounds(0.9, unit="processors"),
        ),
        Panel(
            "Memory",
            "Resident memory of a process.",
            [Query(f"max by ({PROCESS}) ({of('process_resident_memory_bytes', SERVICE)})", NAMED)],
            "bytes",
        ),
        Panel(
            "Starts in an hour",
            "How often a process was started anew in the last hour, seen by its start time.",
            [Query(f"sum by ({PROCESS}) (changes({of('process_start_time_seconds', SERVICE)}[1h]))", NAMED)],
            "none",
            bounds=Bounds(1, 3, "starts"),
        ),
        Panel(
            "Open files",
            "The share of the file descriptors a process may have that are open.",
            [
                Query(
                    f"max by ({PROCESS}) ({of('process_open_fds', SERVICE)} / {of('process_max_fds', SERVICE)})",
                    NAMED,
                )
            ],
            "percentunit",
            bounds=Bounds(0.8, unit="of 1"),
        ),
        Panel(
            "Loop turns that found work",
            "Turns of background loops that found work: relay, clocks, sending, printing and the rest.",
            [Query(rate("lianxin_loop_runs_total", "service, loop", SERVICE), "{{service}} {{loop}}")],
            "ops",
        ),
        Panel(
            "Loop turns that failed",
            "Turns of background loops that ended in an exception, a minute; each is in the log.",
            [Query(per_minute("lianxin_loop_failures_total", "service, loop", SERVICE), "{{service}} {{loop}}")],
            "none",
            bounds=Bounds(0, unit="a minute"),
            links=[AWAY],
        ),
    ],
)

RELEASES = Row(
    "Releases, schemas, backups",
    [
        Panel(
            "Releases",
            "Which release each process is, and the newest database revision it knows.",
            [
                Query(
                    f"count by (service, process, version, schema) ({of('lianxin_build_info', SERVICE)})", "{{version}}"
                )
            ],
            "none",
            Shape.TABLE,
            10,
        ),
        Panel(
            "Schemas",
            "The revision each database has.",
            [Query(read("lianxin_schema_revision", "service, revision", SERVICE), "{{revision}}")],
            "none",
            Shape.TABLE,
            7,
        ),
        Panel(
            "Age of the newest backup",
            "Since the newest proven backup; more than fifty years means that there never was one.",
            [Query(BACKUP_AGE, "{{service}}")],
            "s",
            Shape.RANKING,
            7,
            BACKUP_LATE,
            [runbook("backup-and-restore")],
        ),
    ],
)

CLUSTER = Row(
    "On Kubernetes",
    [
        Panel(
            "Containers started again",
            "Restarts of our containers in the last hour, as the cluster counts them.",
            [
                Query(
                    within("1h", "kube_pod_container_status_restarts_total", "pod", POD),
                    "{{pod}}",
                )
            ],
            "none",
            bounds=Bounds(1, 3, "restarts"),
            only_on_kubernetes="kube-state-metrics tells it",
        ),
        Panel(
            "Memory against the limit",
            "The share of its memory limit that a container uses; at 1 it is killed.",
            [
                Query(
                    f"{read('container_memory_working_set_bytes', 'pod', POD, CONTAINER)}"
                    f" / {read('kube_pod_container_resource_limits', 'pod', POD, MEMORY)}",
                    "{{pod}}",
                )
            ],
            "percentunit",
            bounds=Bounds(0.8, 0.95, "of 1"),
            only_on_kubernetes="the kubelet and kube-state-metrics tell it",
        ),
        Panel(
            "Replicas missing",
            "Replicas a deployment should have and has not available.",
            [
                Query(
                    f"{read('kube_deployment_spec_replicas', 'deployment', DEPLOYMENT)}"
                    f" - {read('kube_deployment_status_replicas_available', 'deployment', DEPLOYMENT)}",
                    "{{deployment}}",
                )
            ],
            "none",
            bounds=Bounds(0, unit="replicas"),
            only_on_kubernetes="kube-state-metrics tells it",
        ),
    ],
)
