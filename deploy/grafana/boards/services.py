"""Services: what every process is asked, how fast it answers, what it stands on, and which release it is."""

from deploy.grafana.board import Board, Bounds, Row, Variable, runbook, verdict
from deploy.grafana.boards.answering import DOORS, FAILED, HANDLERS, QUESTIONS, SECONDS
from deploy.grafana.boards.chosen import AWAY, BACKUP_AGE, BACKUP_LATE, POSTGRES, SERVICE
from deploy.grafana.boards.processes import CLUSTER, DATABASE, PROCESSES, RELEASES
from deploy.grafana.boards.watched import WATCHED
from deploy.grafana.promql import of, quantile

OURS = 'job=~"lianxin-($service)"'

WELL = Row(
    "Is every service well?",
    [
        verdict(
            "Processes",
            "Whether any process of the service does not answer Prometheus.",
            f"1 - min by (job) ({of('up', OURS)})",
            Bounds(0, 0),
            [],
            "{{job}}",
        ),
        verdict(
            "Requests that failed",
            "The share of requests answered with a 5xx in these minutes.",
            FAILED,
            Bounds(0.001, 0.01),
            [AWAY],
        ),
        verdict(
            "Slow answers",
            "99 of 100 requests are answered within this time.",
            quantile(0.99, SECONDS, "service", SERVICE),
            Bounds(0.5, 2, "s"),
            [AWAY],
        ),
        verdict(
            "Backups",
            "Age of the newest proven backup; a service that never had one is red.",
            BACKUP_AGE,
            BACKUP_LATE,
            [runbook("backup-and-restore")],
            width=12,
        ),
        verdict(
            "One release",
            "Whether processes of more than one release run; so it is during a rollout, and only then.",
            f"count(count by (version) ({of('lianxin_build_info')})) - 1",
            Bounds(0),
            [],
            "releases",
            width=12,
        ),
    ],
)

BOARD = Board(
    "services",
    "Lianxin: Services",
    "Rate, errors and duration of every front door, event handler and question; what the processes stand on.",
    [WELL, DOORS, HANDLERS, QUESTIONS, DATABASE, PROCESSES, RELEASES, WATCHED, CLUSTER],
    [Variable("service", "service", "lianxin_build_info", "The services that are shown.")],
    POSTGRES,
)
