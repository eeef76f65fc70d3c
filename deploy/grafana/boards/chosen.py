"""What the rows of Services share: which services are chosen, how old a backup may be, where to read on."""

from deploy.grafana.board import Bounds, published, runbook
from deploy.grafana.promql import read

SERVICE = 'service=~"$service"'
AWAY = runbook("database-away")
POSTGRES = (
    published(20417, "CloudNativePG"),
    published(9628, "PostgreSQL Database (postgres_exporter)"),
)
DAY = 86_400
BACKUP_AGE = f"time() - {read('lianxin_backup_taken_timestamp_seconds', 'service', SERVICE)}"
BACKUP_LATE = Bounds(1.5 * DAY, 3 * DAY, "s")
