"""Who reaches whom: Services, routes, monitors and network policies lead to something, and to nothing more."""

from collections.abc import Iterator
from typing import Any

from deploy.check.objects import Object, Pod, labels, matches, name, namespace, of_kind, of_operators, spec
from deploy.check.policies.policy import Broken, Level, policy
from deploy.check.rendering import Rendered

DNS = {("UDP", 53), ("TCP", 53)}
API_SERVER = {443, 6443}
"""Its address is known to no policy: operators' pods may reach these ports anywhere."""
KINDS = {"database", "broker"}
"""What `lianxin/kind` may say: the pods of stores, ours or somebody else's."""


def _selected(given: Rendered, service: Object) -> list[Pod]:
    wanted = spec(service).get("selector")
    chosen = {"matchLabels": wanted} if wanted else None
    return [pod for pod in given.pods if matches(chosen, pod.labels) and namespace(pod.owner) == namespace(service)]


def _ports(pod: Pod) -> Iterator[Any]:
    """The numbers and names of its containers' ports."""
    for container in pod.main():
        for port in container.get("ports") or []:
            yield port["containerPort"]
            yield port.get("name")


@policy("a Service without pods, or for a port nobody opened, refuses every connection")
def services_lead_to_ports(given: Rendered) -> Broken:
    for each in of_kind(given.objects, "Service"):
        pods = _selected(given, each)
        if not pods:
            yield each, "selects no pod"
        for port in spec(each).get("ports") or []:
            target = port.get("targetPort", port["port"])
            if any(target not in set(_ports(pod)) for pod in pods):
                yield each, f"leads to port {target}, which its pods do not open"


@policy("the gateway is the one way in; a node's port or a balancer of its own goes around it")
def services_stay_inside(given: Rendered) -> Broken:
    for each in of_kind(given.objects, "Service"):
        if spec(each).get("type", "ClusterIP") != "ClusterIP" or spec(each).get("externalIPs"):
            yield each, f"is of type {spec(each).get('type')}"


@policy("health, metrics and whatever else the ops port says are for the cluster's own eyes")
def routes_lead_to_services(given: Rendered) -> Broken:
    there = {(name(each), port["port"]) for each in of_kind(given.objects, "Service") for port in spec(each)["ports"]}
    for each in of_kind(given.objects, "HTTPRoute"):
        for rule in spec(each).get("rules") or []:
            for backend in rule.get("backendRefs") or []:
                if (backend["name"], backend.get("port")) not in there:
                    yield each, f"leads to {backend['name']}:{backend.get('port')}, which is no Service's port"
                if backend.get("port") == 9000:
                    yield each, f"shows the ops port of {backend['name']} to the world"


@policy("a monitor that selects nothing is a service nobody sees")
def monitors_select_something(given: Rendered) -> Broken:
    for each in of_kind(given.objects, "ServiceMonitor"):
        chosen = [one for one in of_kind(given.objects, "Service") if matches(spec(each)["selector"], labels(one))]
        if not chosen:
            yield each, "selects no Service"
        for endpoint in spec(each).get("endpoints") or []:
            names = [{port.get("name") for port in spec(one)["ports"]} for one in chosen]
            if any(endpoint.get("port") not in ports for ports in names):
                yield each, f"scrapes port {endpoint.get('port')}, which a Service it selects does not have"
    for each in of_kind(given.objects, "PodMonitor"):
        chosen_pods = [pod for pod in given.pods if matches(spec(each)["selector"], pod.labels)]
        for endpoint in spec(each).get("podMetricsEndpoints") or []:
            if any(endpoint.get("port") not in set(_ports(pod)) for pod in chosen_pods):
                yield each, f"scrapes port {endpoint.get('port')}, which a pod it selects does not open"


@policy("every process is watched: each pod of api and worker is scraped, or its silence is invisible", Level.INSTALLED)
def every_process_is_scraped(given: Rendered) -> Broken:
    watched = [one for m in of_kind(given.objects, "ServiceMonitor") for one in of_kind(given.objects, "Service")
               if matches(spec(m)["selector"], labels(one))]  # fmt: skip
    seen = {id(pod.owner) for one in watched for pod in _selected(given, one)}
    monitors = list(of_kind(given.objects, "PodMonitor"))
    for pod in given.pods:
        by_pod = any(matches(spec(each)["selector"], pod.labels) for each in monitors)
        if pod.component in ("api", "worker") and id(pod.owner) not in seen and not by_pod:
            yield pod.owner, "is scraped by no ServiceMonitor and no PodMonitor"


def _policies(given: Rendered) -> list[Object]:
    return list(of_kind(given.objects, "NetworkPolicy"))


def _of(given: Rendered, pod: Pod, direction: str) -> list[Object]:
    """The network policies that close this direction for a pod."""
    return [
        each
        for each in _policies(given)
        if namespace(each) == namespace(pod.owner)
        and matches(spec(each).get("podSelector", {}), pod.labels)
        and direction in spec(each).get("policyTypes", ["Ingress"])
    ]


@policy("without any network policy every pod of the cluster reaches the databases", Level.INSTALLED)
def networks_are_closed(given: Rendered) -> Broken:
    if not _policies(given):
        yield {"kind": "NetworkPolicy"}, "is not among what is rendered"


@policy("a pod that no policy covers is open in that direction")
def policies_cover_every_pod(given: Rendered) -> Broken:
    for pod in given.pods if _policies(given) else ():
        for direction in ("Ingress", "Egress"):
            if not _of(given, pod, direction):
                yield pod.owner, f"is covered by no NetworkPolicy for {direction}"


@policy("a pod that may not ask for names reaches nobody")
def every_pod_may_ask_for_names(given: Rendered) -> Broken:
    for pod in given.pods if _policies(given) else ():
        rules = [rule for each in _of(given, pod, "Egress") for rule in spec(each).get("egress") or []]
        asked = {(port.get("protocol", "TCP"), port.get("port")) for rule in rules for port in rule.get("ports") or []}
        if not asked >= DNS:
            yield pod.owner, "may not reach port 53 by UDP and TCP"


@policy("a policy for nobody protects nothing; a neighbour who does not exist was misspelt")
def policies_name_real_pods(given: Rendered) -> Broken:
    for each in _policies(given):
        if not _takes(given, spec(each).get("podSelector", {})):
            yield each, "covers no pod"
        for peer in _peers(each):
            if "namespaceSelector" not in peer and "podSelector" in peer and not _takes(given, peer["podSelector"]):
                yield each, f"names a neighbour that is no pod: {peer['podSelector']}"


def _takes(given: Rendered, selector: Object) -> bool:
    """Whether it selects a pod of ours, or one that an operator makes for a database or broker of ours."""
    made = [pod.labels for pod in given.pods] + [{"lianxin/kind": kind} for kind in KINDS]
    made += of_operators(given.objects)
    return any(matches(selector, each) for each in made)


def _peers(each: Object) -> Iterator[Object]:
    for rule in spec(each).get("ingress") or []:
        yield from rule.get("from") or []
    for rule in spec(each).get("egress") or []:
        yield from rule.get("to") or []


@policy("a rule without peer or without port opens everything: each names who, and on which port")
def policies_are_narrow(given: Rendered) -> Broken:
    for each in _policies(given):
        for rule in spec(each).get("ingress") or []:
            if not rule.get("from") or not rule.get("ports"):
                yield each, "lets in from anyone or to any port"
        for rule in spec(each).get("egress") or []:
            numbers = {port.get("port") for port in rule.get("ports") or []}
            if not numbers or not (rule.get("to") or numbers <= API_SERVER):
                yield each, "lets out to anyone or to any port"
