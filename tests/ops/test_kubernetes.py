"""What is written for a cluster agrees with what runs on one machine. Policies over rendered objects: deploy/check."""

import re
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from chassis import crypto
from chassis.delivery import topology
from deploy.kubernetes.secrets import GIVEN, Secrets
from deploy.machine.folder import ROOT
from deploy.nginx.site import HERE
from services import SERVICES

GATEWAY = ROOT / "k8s" / "components" / "gateway"
LIMITS = ROOT / "k8s" / "components" / "gateway-nginx-fabric" / "limits.yaml"


def routes() -> Iterator[tuple[str, str, str]]:
    """(route, path, service) of every address the gateway hands on."""
    for file in ("small", "uploads", "forms"):
        route = yaml.safe_load((GATEWAY / f"{file}.yaml").read_text(encoding="utf-8"))
        for rule in route["spec"]["rules"]:
            service = rule["backendRefs"][0]["name"].removeprefix("lianxin-").removesuffix("-api")
            for match in rule["matches"]:
                yield route["metadata"]["name"], match["path"]["value"], service


LOCATION = re.compile(
    r"location (?:= )?(/\S*) \{(?: include \S+;| client_max_body_size (\w+);)+ proxy_pass http://(\w+); \}"
)


def places() -> dict[str, tuple[str, str]]:
    """The service and the largest body of each address the one origin hands on, and of everything below it."""
    found = LOCATION.findall((HERE / "nginx.conf").read_text(encoding="utf-8"))
    told = {(path.rstrip("/") or "/", service, largest or "2m") for path, largest, service in found}
    assert len({path for path, *_ in told}) == len(told), "a path and what is below it are one place"
    return {path: (service, largest) for path, service, largest in told}


def test_the_gateway_sends_each_address_where_the_one_origin_sends_it() -> None:
    wanted = {(path, service) for path, (service, _) in places().items()}
    assert {(path, service) for _, path, service in routes()} == wanted
    assert {f"/{what}/{service}" for service in SERVICES for what in ("api", "static")} <= set(places())


def test_a_route_takes_in_as_much_as_the_one_origin() -> None:
    documents: list[dict[str, Any]] = list(yaml.safe_load_all(LIMITS.read_text(encoding="utf-8")))
    limits = {each["spec"]["targetRef"]["name"]: each["spec"]["body"]["maxSize"] for each in documents}
    assert {path: limits[route] for route, path, _ in routes()} == {path: most for path, (_, most) in places().items()}


def test_the_release_is_the_one_of_the_code() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    said = (ROOT / "k8s" / "base" / "release.env").read_text(encoding="utf-8").splitlines()
    told = dict(line.split("=") for line in said if not line.startswith("#"))
    assert told == {"version": project["version"], "name": project["version"].replace(".", "-")}


def test_every_user_of_the_broker_is_given_its_password() -> None:
    job = (ROOT / "k8s" / "base" / "topology" / "apply.yaml").read_text(encoding="utf-8")
    assert [user for user in topology.load().users if f"BROKER_PASSWORD_{user.upper()}_FILE" not in job] == []


def test_the_secrets_of_a_new_system_are_usable_kept_and_readable_by_their_owner_only(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path / "made", database="db", broker="mq", options="sslmode=require")
    assert secrets.fill() == list(GIVEN)
    made = {str(file.relative_to(secrets.path)): file.read_text() for file in secrets.path.rglob("*") if file.is_file()}

    crypto.read_master_keys(made["lianxin-intake/master-keys"])
    sealed = crypto.jwe_seal({"a": 1}, crypto.read_jwks(made["lianxin-intake/reader-keys"]))
    assert crypto.jwe_open(sealed, crypto.read_jwks(made["lianxin-notify/reader-key"])) == {"a": 1}
    assert made["lianxin-sla/database-url"].endswith("@db:5432/sla?sslmode=require")
    assert made["lianxin-topology/broker-password-sla"] in made["lianxin-sla/amqp-uri"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in secrets.path.rglob("*") if file.is_file()} == {0o600}

    (secrets.path / "lianxin-notify" / "gateway-token").write_text("given")
    assert "lianxin-notify/gateway-token" not in secrets.fill()
    kept = {str(file.relative_to(secrets.path)): file.read_text() for file in secrets.path.rglob("*") if file.is_file()}
    assert kept == made | {"lianxin-notify/gateway-token": "given"} | dict.fromkeys(GIVEN[1:], "")


def test_every_key_that_a_process_mounts_is_made(tmp_path: Path) -> None:
    Secrets(tmp_path).fill()
    wanted = {
        (source["secret"]["name"], item["key"])
        for file in (ROOT / "k8s" / "base").rglob("*.yaml")
        for document in yaml.safe_load_all(file.read_text(encoding="utf-8"))
        for source in _sources(document or {})
        for item in source["secret"].get("items", ())
    }
    empty = {tuple(name.split("/")) for name in GIVEN}
    assert len(wanted) > 15
    assert {pair for pair in wanted - empty if not (tmp_path / pair[0] / pair[1]).is_file()} == set()


def _sources(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield from (each for each in value.get("sources") or () if "secret" in each)
        for each in value.values():
            yield from _sources(each)
    elif isinstance(value, list):
        for each in value:
            yield from _sources(each)
