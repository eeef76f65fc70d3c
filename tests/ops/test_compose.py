"""What compose is given, as far as it can be tried without an engine: secrets, roles, the origin, the wiring."""

import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import yaml

from chassis import crypto
from deploy.check import compose
from deploy.compose.secrets import Secrets, Servers
from deploy.machine.folder import ROOT
from deploy.nginx.site import Site
from deploy.servers.origin import program
from deploy.servers.postgres import Postgres, binaries
from deploy.system import testbed
from services import SERVICES

FILES = [ROOT / "deploy" / name for name in ("compose.yaml", "compose.observability.yaml")]
FOLDER = ROOT / "deploy"


@pytest.fixture(scope="module")
def composed() -> dict[str, Any]:
    """Both files, one laid over the other."""
    whole: dict[str, Any] = {}
    for file in FILES:
        if not file.exists():
            continue
        for part, content in yaml.safe_load(file.read_text(encoding="utf-8")).items():
            whole[part] = {**whole.get(part, {}), **content} if isinstance(content, dict) else content
    return whole


@pytest.fixture
def made(tmp_path: Path) -> Path:
    Secrets(tmp_path / "secrets").write()
    return tmp_path / "secrets"


def test_nginx_takes_the_configuration(tmp_path: Path) -> None:
    """Debian's nginx is older than the image's: it knows no names that are asked for again, and gets addresses."""
    shutil.copytree(FOLDER / "nginx", tmp_path / "nginx")
    shutil.copytree(FOLDER / "compose" / "nginx", tmp_path / "local")
    upstreams = tmp_path / "local" / "upstreams.conf"
    text = upstreams.read_text().replace("/tmp/", f"{tmp_path}/")
    upstreams.write_text(re.sub(r"server \S+ resolve", "server 127.0.0.1:1", re.sub(r"resolver .*", "", text)))
    prefix = tmp_path / "nginx"
    command = [program(), "-t", "-p", prefix, "-c", prefix / "nginx.conf", "-g", f"daemon off; pid {tmp_path}/pid;"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "test is successful" in done.stderr, done.stderr


def test_compose_s_front_doors_are_set_as_those_of_make_run() -> None:
    """Names are asked for again and again there; all else is the same."""
    site = Site({service: [f"{service}-api:8000"] for service in SERVICES}, [], Path("/tmp"))
    written = (FOLDER / "compose/nginx/upstreams.conf").read_text()
    same = re.sub(r"^#.*| +(zone|resolver) .*| resolve\b", "", written, flags=re.M)
    assert same.split() == site.upstreams().split()


def test_secrets_are_made_once_and_only_their_folder_is_closed(made: Path) -> None:
    before = {path: path.read_text() for path in made.rglob("*") if path.is_file()}
    assert Secrets(made).write() == []
    assert {path: path.read_text() for path in before} == before
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in before} == {0o444}


def test_what_only_intake_reads_opens_with_notify_s_half(made: Path) -> None:
    public = crypto.read_jwks((made / "intake/reader-keys").read_text())
    private = crypto.read_jwks((made / "notify/reader-key").read_text())
    assert crypto.jwe_open(crypto.jwe_seal({"a": 1}, public), private) == {"a": 1}


def test_no_policy_of_ops_check_is_broken() -> None:
    assert [str(finding) for finding in compose.check(ROOT)] == []


def test_every_secret_compose_names_is_made(composed: dict[str, Any], made: Path) -> None:
    named = [*composed["secrets"].values(), composed["configs"]["jwks"]]
    files = {each["file"].removeprefix("./compose/secrets/") for each in named}
    assert {name for name in files if not (made / name).exists()} == set()


def test_no_secret_can_be_committed() -> None:
    command = ["git", "check-ignore", "-q", "deploy/compose/secrets/page-key"]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def test_every_file_a_process_is_told_of_is_mounted_and_every_mounted_one_is_told(composed: dict[str, Any]) -> None:
    for name, service in composed["services"].items():
        if "lianxin-" not in service["image"]:
            continue
        told = {value for key, value in service["environment"].items() if key.endswith("_FILE")}
        mounted = {each["target"] for each in service.get("secrets", ())}
        assert told == mounted, name


def test_a_front_door_never_knows_the_broker_and_a_worker_no_cookie_key(composed: dict[str, Any]) -> None:
    for service in SERVICES:
        api, worker = (composed["services"][f"{service}-{kind}"] for kind in ("api", "worker"))
        assert "broker" not in api["networks"] and "AMQP_URI_FILE" not in api["environment"]
        assert "door" not in worker["networks"] and "PAGE_KEY_FILE" not in worker["environment"]


def test_a_job_ends_before_what_needs_it_starts(composed: dict[str, Any]) -> None:
    services = composed["services"]
    for service in SERVICES:
        needed = {"api": {f"{service}-migrate"}, "worker": {f"{service}-migrate", "topology"}}
        for kind, jobs in needed.items():
            waits = services[f"{service}-{kind}"]["depends_on"]
            assert {each for each in waits if waits[each] == {"condition": "service_completed_successfully"}} == jobs
    others = [d for s in services.values() for d in s.get("depends_on", {}).values()]
    assert {each["condition"] for each in others} == {"service_healthy", "service_completed_successfully"}


def test_every_network_volume_secret_and_config_is_declared_and_used(composed: dict[str, Any]) -> None:
    services = composed["services"].values()
    used = {
        "networks": {each for s in services for each in s.get("networks", ())},
        "secrets": {each["source"] for s in services for each in s.get("secrets", ())},
        "configs": {each["source"] for s in services for each in s.get("configs", ())},
        "volumes": {v.partition(":")[0] for s in services for v in s.get("volumes", ()) if not v.startswith(".")},
    }
    assert {kind: set(composed[kind]) for kind in used} == used


@pytest.fixture
def cluster() -> Iterator[Postgres]:
    with testbed.folder() as folder:
        server = Postgres(folder)
        server.start()
        yield server
        server.kill()


def test_the_first_start_makes_a_role_and_a_database_for_each_service(cluster: Postgres, tmp_path: Path) -> None:
    here = Servers(database=lambda service, password: cluster.url(service, service, password))
    kept = Secrets(tmp_path / "secrets", here)
    kept.write()
    env = {
        "PATH": f"{binaries()}:{os.environ['PATH']}",
        "SECRETS": str(kept.folder / "postgres"),
        "POSTGRES_USER": "lianxin",
        "PGHOST": "127.0.0.1",
        "PGPORT": str(cluster.port),
        "PGPASSWORD": cluster.folder.secret("database-lianxin"),
    }
    script = FOLDER / "compose/postgres/10-services.sh"
    done = subprocess.run([script], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for service in SERVICES:
        psycopg2.connect(kept.value(f"{service}/database-url")).close()
    foreign = cluster.url("intake", "sla", kept.value("postgres/password-sla"))
    with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
        psycopg2.connect(foreign)
