"""What a container runs, what it is told, and how it is asked whether it is well."""

import re
from collections import Counter
from collections.abc import Iterator

from deploy.check.objects import Object, Pod
from deploy.check.policies import settings
from deploy.check.policies.policy import Broken, Level, policy
from deploy.check.rendering import Rendered

OPS_PORT = 9000
PROBES = {"startupProbe": ("/livez", "/readyz"), "livenessProbe": ("/livez",), "readinessProbe": ("/readyz",)}
SECRET_NAME = re.compile(r"SECRET|PASSWORD|TOKEN$|_KEYS?$|DATABASE_URL|(AMQP|MANAGEMENT)_URI")
COMMANDS = {"api": ["api"], "worker": ["worker"]}


def _containers(given: Rendered) -> Iterator[tuple[Pod, Object]]:
    for pod in given.pods:
        for each in pod.containers():
            yield pod, each


def _processes(given: Rendered) -> Iterator[tuple[Pod, Object]]:
    """The main containers of the two processes of each service."""
    for pod in given.pods:
        if pod.component in COMMANDS:
            for each in pod.main():
                yield pod, each


@policy("a tag that moves, or none, is another program after the next restart")
def image_has_a_version(given: Rendered) -> Broken:
    for pod, each in _containers(given):
        name, _, digest = each["image"].partition("@")
        tag = name.rpartition("/")[2].partition(":")[2]
        if tag == "latest" or not (tag or digest):
            yield pod.owner, f"container {each['name']} takes {each['image']}"


@policy("only a digest says which bytes run, whoever may push to the registry", Level.PRODUCTION)
def image_by_digest(given: Rendered) -> Broken:
    for pod, each in _containers(given):
        if not re.search(r"@sha256:[0-9a-f]{64}$", each["image"]):
            yield pod.owner, f"container {each['name']} takes {each['image']}, not a digest"


@policy("an image that is always pulled can't start while the registry is away")
def image_is_pulled_once(given: Rendered) -> Broken:
    for pod, each in _containers(given):
        if each.get("imagePullPolicy", "IfNotPresent") != "IfNotPresent":
            yield pod.owner, f"container {each['name']} has imagePullPolicy {each['imagePullPolicy']}"


@policy("the scheduler places by requests; memory without limit takes the node along; a CPU limit stalls the one loop")
def resources_are_said(given: Rendered) -> Broken:
    for pod, each in _containers(given):
        resources = each.get("resources") or {}
        requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
        if not {"cpu", "memory"} <= requests.keys() or "memory" not in limits:
            yield pod.owner, f"container {each['name']} lacks requests of CPU and memory or a limit of memory"
        if "cpu" in limits:
            yield pod.owner, f"container {each['name']} has a CPU limit"


@policy("an environment is readable by every child, crash report and `kubectl describe`: secrets are files")
def no_secret_in_environment(given: Rendered) -> Broken:
    for pod, each in _containers(given):
        for variable in each.get("env") or []:
            by_name = SECRET_NAME.search(variable["name"]) and not variable["name"].endswith("_FILE")
            if (by_name and variable.get("value")) or "secretKeyRef" in (variable.get("valueFrom") or {}):
                yield pod.owner, f"container {each['name']} has {variable['name']} in its environment"
        for source in each.get("envFrom") or []:
            if "secretRef" in source:
                yield pod.owner, f"container {each['name']} takes its environment from a secret"


@policy("of two values with one name the last wins, and nobody sees it")
def a_variable_is_said_once(given: Rendered) -> Broken:
    for pod, each in _containers(given):
        named = Counter(variable["name"] for variable in each.get("env") or [])
        for name, times in named.items():
            if times > 1:
                yield pod.owner, f"container {each['name']} says {name} {times} times"


@policy("a setting that is misspelt is silently the default")
def every_setting_is_known(given: Rendered) -> Broken:
    for pod, each in _containers(given):
        for name in settings.told(given, each):
            if not settings.known(pod.service, name):
                yield pod.owner, f"container {each['name']} is told {name}, which {pod.service} does not know"


@policy("a process that lacks a setting refuses to start")
def every_required_setting_is_said(given: Rendered) -> Broken:
    for pod, each in _processes(given):
        told = {name.removesuffix("_FILE") for name in settings.told(given, each)}
        for name in sorted(settings.required(pod.service) - told):
            yield pod.owner, f"container {each['name']} is not told {name}"


@policy("a file that is not mounted reads as a missing secret")
def every_secret_file_is_mounted(given: Rendered) -> Broken:
    for pod, each in _containers(given):
        places = [mount["mountPath"] for mount in each.get("volumeMounts") or []]
        for name, value in settings.told(given, each).items():
            inside = any(value == place or value.startswith(place.rstrip("/") + "/") for place in places)
            if name.endswith("_FILE") and value and not inside:
                yield pod.owner, f"container {each['name']} is told {name}={value}, where nothing is mounted"


@policy("one image is api and worker: which it is stands in its arguments, in exec form")
def the_process_is_named(given: Rendered) -> Broken:
    for pod, each in _processes(given):
        if "command" in each or (each.get("args") or [])[:1] != COMMANDS[pod.component]:
            yield pod.owner, f"container {each['name']} does not run `{pod.component}` of its image"


@policy("Kubernetes restarts by /livez, sends by /readyz and waits for a start; all on the port that always answers")
def probes_ask_the_ops_port(given: Rendered) -> Broken:
    for pod, each in _processes(given):
        ports = {str(port.get("name", "")): port["containerPort"] for port in each.get("ports") or []}
        for probe, paths in PROBES.items():
            asked = (each.get(probe) or {}).get("httpGet") or {}
            port = ports.get(str(asked.get("port")), asked.get("port"))
            if asked.get("path") not in paths or port != OPS_PORT or OPS_PORT not in ports.values():
                yield pod.owner, f"container {each['name']}: {probe} does not ask {' or '.join(paths)} on {OPS_PORT}"


@policy("a stall shorter than this mends itself; a probe that kills sooner makes an outage of it")
def liveness_is_patient(given: Rendered) -> Broken:
    for pod, each in _processes(given):
        probe = each.get("livenessProbe") or {}
        if probe.get("periodSeconds", 10) * probe.get("failureThreshold", 3) < 30:
            yield pod.owner, f"container {each['name']} is killed after less than 30 s without an answer"
