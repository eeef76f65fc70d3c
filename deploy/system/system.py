"""A whole running system on given databases and a given broker: migrated, eight processes, one origin."""

import hashlib
import subprocess
import sys
from pathlib import Path

from chassis import migrations
from deploy.machine.folder import ROOT, Folder
from deploy.machine.trouble import Trouble
from deploy.servers.origin import Origin
from deploy.system import targets
from deploy.system.environment import Environment
from deploy.system.issuer import Issuer
from deploy.system.processes import Processes
from services import SERVICES

ORGANISATION = ROOT / "services" / "dispatch" / "data"


class System:
    """The front doors start first: letters are taken in while the broker and the workers are still starting."""

    def __init__(
        self, folder: Folder, environment: Environment, port: int | None = None, lan: str | None = None
    ) -> None:
        self.folder, self.environment = folder, environment
        self.processes = Processes(folder, environment)
        self.origin = Origin(folder, self.doors, port, lan)

    @property
    def url(self) -> str:
        """The origin's address."""
        return self.origin.url

    def api(self, service: str) -> str:
        """The address of a service's resources, as a caller outside sees it."""
        return f"{self.url}/api/{service}/v1"

    def token(self, role: str, unit: str | None = None) -> str:
        """A bearer token: `token("centre", "CENTRE")`, `token("unit", "C07")`, `token("leader")`."""
        return Issuer(self.folder).token(role, unit)

    def start_doors(self) -> None:
        """Migrate, start the front doors and the origin; letters are taken in from here on, broker or not."""
        self.environment.keep()
        targets.forget(self.folder)
        self.migrate()
        doors = self.processes.of_kind("api")
        self.processes.launch(doors)
        self.origin.start()
        self.processes.wait(doors)

    def start_workers(self) -> None:
        """Start the workers and wait until they are ready; the topology must be there."""
        workers = self.processes.of_kind("worker")
        self.processes.launch(workers)
        self.processes.wait(workers)

    def migrate(self) -> None:
        """Bring the databases to their newest revisions; in this process: four starts of Python take long."""
        for service in SERVICES:
            migrations.upgrade(self.environment.databases[service], revisions(service))

    def load_organisation(self) -> None:
        """The demo's units, duty list and directory, as an operator would load them; once per database and content."""
        files = {what: ORGANISATION / f"{what}.demo.json" for what in ("organisation", "duties", "directory")}
        content = b"".join(file.read_bytes() for file in files.values())
        done = hashlib.sha256(self.environment.databases["dispatch"].encode() + content).hexdigest()
        if self.folder.recall("organisation") != done:
            for what, file in files.items():
                self.command("dispatch", what, "load", str(file))
            self.folder.remember("organisation", done)

    def command(self, service: str, *arguments: str) -> str:
        """What `python -m services.<service> …` prints; Trouble with its error output if it fails."""
        done = subprocess.run(
            [sys.executable, "-m", f"services.{service}", *arguments],
            env=self.environment.of(service),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Trouble(
                f"python -m services.{service} {' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}"
            )
        return done.stdout

    def doors(self) -> dict[str, list[int]]:
        """The ports of each service's front doors, replicas included."""
        doors = self.processes.of_kind("api")
        return {service: [door.http_port for door in doors if door.service == service] for service in SERVICES}

    def stop(self) -> None:
        """Orderly: the origin first, then all processes."""
        self.origin.stop()
        self.processes.stop()

    def kill(self) -> None:
        """At once, when nobody wants the data."""
        self.origin.child.kill()
        self.processes.kill()


def revisions(service: str) -> Path:
    """The folder of a service's alembic revisions."""
    return ROOT / "services" / service / "migrations"
