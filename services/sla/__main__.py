"""python -m services.sla: the two processes, the migration, and the state of the clocks."""

# First, because a worker patches the standard library when chassis.operating.process is imported.
from chassis.operating import process  # isort: skip

import sys
from pathlib import Path

from services.sla import api, store
from services.sla.operating.verdicts import judge
from services.sla.settings import current


def main() -> int:
    """Runs one command of the service."""
    return process.main(
        process.Service(
            name="sla",
            settings=current,
            app=api.create_app,
            worker="services.sla.service:Sla",
            migrations=Path(__file__).parent / "migrations",
            status=store.status,
            judge=judge,
            no_projection="its clocks are its own and published; see docs/runbooks/restored-database.md",
        )
    )


if __name__ == "__main__":
    sys.exit(main())
