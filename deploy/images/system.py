"""The whole system out of images: started as deploy/compose.yaml says, on servers of this machine, and stopped."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deploy.compose.secrets import Secrets, Servers
from deploy.images import composed
from deploy.images.container import Container
from deploy.images.contents import UID
from deploy.machine.folder import Folder
from deploy.machine.trouble import Trouble
from deploy.servers.postgres import Postgres
from deploy.servers.rabbit import Rabbit
from services import SERVICES

TOLD = {"PROFILE": "demo", "GATEWAY": "file"}


@contextmanager
def servers(folder: Folder) -> Iterator[Servers]:
    """PostgreSQL with a role and a database for each service, and RabbitMQ with nothing."""
    postgres, rabbit = Postgres(folder), Rabbit(folder)
    try:
        postgres.launch()
        rabbit.launch()
        postgres.wait()
        postgres.prepare()
        rabbit.wait()
        yield Servers(
            database=lambda service, _: postgres.service_url(service),
            broker=lambda service, password: f"amqp://{service}:{password}@127.0.0.1:{rabbit.ports['amqp']}/",
            management=lambda _: rabbit.management,
        )
    finally:
        rabbit.kill()
        rabbit.epmd.kill()
        postgres.kill()


def containers(folder: Path, servers: Servers, images: Mapping[str, tuple[Path, Mapping[str, str]]]) -> "Containers":
    """Those of compose; `images` gives the root folder and the environment of each image by its name."""
    secrets = folder / "secrets"
    Secrets(secrets, servers).write()
    read = composed.read(TOLD, secrets)
    return {name: Container(each, *images[each.image], folder) for name, each in read.items()}


Containers = dict[str, Container]


def prepare(all_: Containers) -> None:
    """The release's jobs, waiting for them as an init container does, and an office's units."""
    all_["topology"].run()
    for service in SERVICES:
        all_[f"{service}-migrate"].run()
        all_[f"{service}-api"].run(["await", "api", "--seconds", "5"])
        all_[f"{service}-worker"].run(["await", "worker", "--seconds", "5"])
    for what in ("organisation", "duties", "directory"):
        all_["dispatch-worker"].run([what, "load", f"services/dispatch/data/{what}.demo.json"])


def start(all_: Containers) -> None:
    """Front doors and workers, until all are ready."""
    processes = [all_[f"{service}-{kind}"] for kind in ("api", "worker") for service in SERVICES]
    for process in processes:
        process.start()
    for process in processes:
        process.wait()


def examine(all_: Containers) -> None:
    """What the kernel says about each running process, and what it says about itself. Raises Trouble."""
    for service in SERVICES:
        for kind in ("api", "worker"):
            process = all_[f"{service}-{kind}"]
            if wrong := _bounds(process):
                raise Trouble(f"{process.composed.name}: {'; '.join(wrong)}")
        all_[f"{service}-worker"].run(["status"])
        if (
            code := all_[f"{service}-api"].get(all_[f"{service}-api"].http_port, f"/api/{service}/v1/openapi.json")
        ) != 200:
            raise Trouble(f"{service}'s front door answers {code}")
    written = all_["sla-worker"].run(["-c", "touch /app/x 2>&1 || touch /tmp/x && echo only there"], ["sh"])
    if "Read-only file system" not in written or "only there" not in written:
        raise Trouble(f"the root is not read-only, or /tmp cannot be written:\n{written}")


def _bounds(process: Container) -> list[str]:
    status = process.status()
    wanted = {"Uid": "\t".join([str(UID)] * 4), "Gid": "\t".join([str(UID)] * 4), "NoNewPrivs": "1"}
    wanted |= dict.fromkeys(("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"), "0" * 16)
    return [f"{name} is {status[name]}" for name, value in wanted.items() if status[name] != value]


def stop(all_: Containers) -> float:
    """SIGTERM to each; the longest it took. Raises Trouble where one does not end by itself with code 0."""
    longest = 0.0
    for service in SERVICES:
        for kind in ("api", "worker"):
            code, seconds = all_[f"{service}-{kind}"].stop()
            longest = max(longest, seconds)
            if code:
                raise Trouble(
                    f"{service}-{kind} ended with {code}:\n{all_[f'{service}-{kind}'].log.read_text()[-2000:]}"
                )
    return longest


def kill(all_: Containers) -> None:
    """Whatever still runs."""
    for container in all_.values():
        container.kill()
