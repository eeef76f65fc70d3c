"""The compose files: valid by the specification's schema, and bounded as the pods of Kubernetes are."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from deploy.check import tool
from deploy.check.files import missing
from deploy.check.finding import Finding
from deploy.check.policies import settings
from deploy.check.policies.containers import SECRET_NAME

FILES = ("deploy/compose.yaml", "deploy/compose.observability.yaml")
Service = dict[str, Any]
Broken = Iterator[str]


def check(root: Path) -> Iterator[Finding]:
    yield from missing(root, *FILES)
    there = [file for file in FILES if (root / file).exists()]
    for file in there:
        done = tool.run("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "-o", "json", root / file)
        if done.returncode:
            yield from _refused(file, done.stdout)
    read = {file: yaml.safe_load((root / file).read_text(encoding="utf-8")) for file in there}
    yield from wrong(read)
    yield from _files(root, read)


def _refused(file: str, said: str) -> Iterator[Finding]:
    report = json.loads(said)
    for error in [*report.get("errors", []), *report.get("parse_errors", [])]:
        text = error["message"] if isinstance(error, dict) else str(error)
        yield Finding(file, error.get("path", "") if isinstance(error, dict) else "", text)


def wrong(read: dict[str, Any]) -> Iterator[Finding]:
    """What the policies below say of each service of each file."""
    awaited = {
        name
        for content in read.values()
        for service in content["services"].values()
        for name, about in _depends(service).items()
        if about.get("condition") == "service_completed_successfully"
    }
    names = {name for content in read.values() for name in content["services"]}
    for file, content in read.items():
        for name, service in content["services"].items():
            once = name in awaited or name.endswith(("-migrate", "topology"))
            for look in POLICIES:
                yield from (Finding(file, name, f"{text} [{look.__name__}]") for text in look(service, once))
            for other in _depends(service).keys() - names:
                yield Finding(file, name, f"waits for {other}, which is no service")
            for secret in _secrets(service) - set(content.get("secrets") or {}):
                yield Finding(file, name, f"takes the secret {secret}, which the file does not have")


def _depends(service: Service) -> dict[str, Any]:
    said = service.get("depends_on") or {}
    return said if isinstance(said, dict) else {name: {} for name in said}


def _secrets(service: Service) -> set[str]:
    return {each["source"] if isinstance(each, dict) else each for each in service.get("secrets") or []}


def _environment(service: Service) -> dict[str, str]:
    said = service.get("environment") or {}
    pairs = said.items() if isinstance(said, dict) else (each.partition("=")[::2] for each in said)
    return {name: str("" if value is None else value) for name, value in pairs}


def ports_stay_on_this_machine(service: Service, once: bool) -> Broken:
    """A port on all addresses is open to the network, past the machine's firewall."""
    for port in service.get("ports") or []:
        host = port.get("host_ip", "") if isinstance(port, dict) else str(port)
        if not host.startswith("127.0.0.1"):
            yield f"opens {port} on every address"


def tells_how_it_is(service: Service, once: bool) -> Broken:
    """Who is waited for says when it is ready; what runs once says so by ending."""
    if not once and not (service.get("healthcheck") or {}).get("test"):
        yield "has no healthcheck"


def waits_for_the_fact(service: Service, once: bool) -> Broken:
    """`service_started` is no fact about readiness."""
    for name, about in _depends(service).items():
        if about.get("condition") not in ("service_healthy", "service_completed_successfully"):
            yield f"waits for {name} to have started, not to be healthy or done"


def cannot_change_itself(service: Service, once: bool) -> Broken:
    """What runs is what was built."""
    if service.get("read_only") is not True:
        yield "has a writable root"


def has_no_rights(service: Service, once: bool) -> Broken:
    """No capability, nothing gained on the way, not root, nothing of the host's."""
    if "ALL" not in (service.get("cap_drop") or []) or service.get("cap_add"):
        yield "keeps capabilities"
    if not any(str(each).startswith("no-new-privileges") for each in service.get("security_opt") or []):
        yield "may gain privileges"
    if service.get("privileged") or {"network_mode", "pid", "ipc"} & service.keys() or service.get("user") == "root":
        yield "is given what belongs to the host"
    if any("docker.sock" in str(each) for each in service.get("volumes") or []):
        yield "speaks to the container engine"


def no_secret_in_environment(service: Service, once: bool) -> Broken:
    """`docker inspect` shows every environment: secrets are files."""
    for name, value in _environment(service).items():
        if SECRET_NAME.search(name) and not name.endswith(("_FILE", "__FILE")) and value:
            yield f"has {name} in its environment"
        if re.search(r"://[^/\s:@{]+:[^/\s@]+@", value):
            yield f"has a password in {name}"


def is_bounded(service: Service, once: bool) -> Broken:
    """One that leaks memory or never stops logging must not take the machine along."""
    limits = ((service.get("deploy") or {}).get("resources") or {}).get("limits") or {}
    if not service.get("mem_limit") and not limits.get("memory"):
        yield "has no limit of memory"
    if not ((service.get("logging") or {}).get("options") or {}).get("max-size"):
        yield "has no limit of its log"


def has_a_version(service: Service, once: bool) -> Broken:
    """Of others' images the tag is said; ours are told their version."""
    image = str(service.get("image", ""))
    tag = re.sub(r"^\$\{\w+:-(.*)\}$", r"\1", image).partition("@")[0].rpartition("/")[2].partition(":")[2]
    if "lianxin-" not in image and not re.match(r"v?\d", tag):
        yield f"takes {image or 'no image'}, whatever that is today"


def is_told_what_it_knows(service: Service, once: bool) -> Broken:
    """A setting that is misspelt is silently the default."""
    ours = re.search(r"lianxin-(intake|dispatch|sla|notify)\b", str(service.get("image", "")))
    if ours and "entrypoint" not in service:
        for name in _environment(service):
            if not settings.known(ours[1], name):
                yield f"is told {name}, which {ours[1]} does not know"


def finds_its_secret_files(service: Service, once: bool) -> Broken:
    """A file that is not mounted reads as a missing secret."""
    places = {each["target"] if isinstance(each, dict) and "target" in each else f"/run/secrets/{each}"
              for each in service.get("secrets") or []}  # fmt: skip
    for name, value in _environment(service).items():
        if name.endswith("_FILE") and value.startswith("/run/secrets/") and value not in places:
            yield f"is told {name}={value}, where no secret is mounted"


POLICIES: tuple[Callable[[Service, bool], Broken], ...] = (
    ports_stay_on_this_machine, tells_how_it_is, waits_for_the_fact, cannot_change_itself, has_no_rights,
    no_secret_in_environment, is_bounded, has_a_version, is_told_what_it_knows, finds_its_secret_files,
)  # fmt: skip


def _files(root: Path, read: dict[str, Any]) -> Iterator[Finding]:
    """Folders and files of the repository that are mounted exist; secrets are made on each machine."""
    for file, content in read.items():
        for name, each in (content.get("configs") or {}).items():
            source = each.get("file", "")
            if source and "/secrets/" not in source and not ((root / file).parent / source).exists():
                yield Finding(file, name, f"is made of {source}, which does not exist")
        for name, service in content["services"].items():
            for each in service.get("volumes") or []:
                source = each.get("source", "") if isinstance(each, dict) else str(each).partition(":")[0]
                if source.startswith(("./", "../")) and not ((root / file).parent / source).exists():
                    yield Finding(file, name, f"mounts {source}, which does not exist")
