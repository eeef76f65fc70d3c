"""Availability: what happens when a pod, a node or a release comes and goes."""

from collections.abc import Iterator

from deploy.check.objects import Object, Pod, label, labels, matches, name, namespace, of_kind, of_operators, spec
from deploy.check.policies.policy import Broken, Level, policy
from deploy.check.rendering import Rendered
from services import SERVICES

DRAIN_SECONDS = 10
"""A process is out at most this long after SIGTERM."""
LABELS = ("name", "component", "part-of", "version")


def _running(given: Rendered) -> Iterator[Pod]:
    """Pods that stay: of Deployments and StatefulSets."""
    return (pod for pod in given.pods if pod.owner["kind"] in ("Deployment", "StatefulSet"))


def _several(given: Rendered) -> Iterator[Pod]:
    """Those of which there is more than one."""
    return (pod for pod in _running(given) if spec(pod.owner).get("replicas", 2) > 1)


def _deployments(given: Rendered) -> Iterator[Pod]:
    return (pod for pod in given.pods if pod.owner["kind"] == "Deployment")


@policy("each service is an api and a worker; without one of them letters wait")
def every_process_is_there(given: Rendered) -> Broken:
    there = {(pod.service, pod.component) for pod in _deployments(given)}
    for service in SERVICES:
        for process in ("api", "worker"):
            if (service, process) not in there:
                yield {"kind": "Deployment", "metadata": {"name": f"{service}-{process}"}}, "is not rendered"


@policy("one pod is none while its node restarts", Level.INSTALLED)
def two_replicas(given: Rendered) -> Broken:
    for pod in _deployments(given):
        if _scaled(given, pod.owner) is None and spec(pod.owner).get("replicas", 1) < 2:
            yield pod.owner, "has fewer than two replicas"


def _scaled(given: Rendered, owner: Object) -> Object | None:
    """The autoscaler of this workload."""
    for each in of_kind(given.objects, "HorizontalPodAutoscaler"):
        target = spec(each)["scaleTargetRef"]
        if (target["kind"], target["name"]) == (owner["kind"], name(owner)):
            return each
    return None


@policy("an upgrade takes no pod away before its successor is ready, and gives up by itself")
def rolls_without_a_gap(given: Rendered) -> Broken:
    for pod in _deployments(given):
        strategy = spec(pod.owner).get("strategy") or {}
        rolling = strategy.get("rollingUpdate") or {}
        if strategy.get("type", "RollingUpdate") != "RollingUpdate" or rolling.get("maxUnavailable") not in (0, "0%"):
            yield pod.owner, "does not roll with maxUnavailable: 0"
        if "progressDeadlineSeconds" not in spec(pod.owner):
            yield pod.owner, "has no progressDeadlineSeconds"


@policy("killed before it has drained, a worker gives events back twice and a front door cuts an answer")
def grace_outlasts_the_drain(given: Rendered) -> Broken:
    for pod in _running(given):
        grace = pod.spec.get("terminationGracePeriodSeconds", 30)
        needed = DRAIN_SECONDS + max((_pause(each) for each in pod.main()), default=0)
        if grace <= needed:
            yield pod.owner, f"has {grace} s to stop and needs more than {needed} s"


def _pause(container: Object) -> int:
    """Seconds its preStop hook sleeps."""
    hook = (container.get("lifecycle") or {}).get("preStop") or {}
    if "sleep" in hook:
        return int(hook["sleep"]["seconds"])
    command = (hook.get("exec") or {}).get("command") or []
    return int(command[-1]) if command and command[-1].isdigit() else 0


@policy("two replicas on one node, or in one zone, fail together")
def spread_over_nodes(given: Rendered) -> Broken:
    for pod in _several(given):
        if "kubernetes.io/hostname" not in set(_apart(pod)):
            yield pod.owner, "does not keep its pods apart by kubernetes.io/hostname"


@policy("a zone is what fails as a whole", Level.PRODUCTION)
def spread_over_zones(given: Rendered) -> Broken:
    for pod in _several(given):
        if "topology.kubernetes.io/zone" not in set(_apart(pod)):
            yield pod.owner, "does not keep its pods apart by topology.kubernetes.io/zone"


def _apart(pod: Pod) -> Iterator[str]:
    """Topology keys by which the pod keeps away from pods like itself."""
    affinity = (pod.spec.get("affinity") or {}).get("podAntiAffinity") or {}
    terms = list(affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or [])
    terms += [w["podAffinityTerm"] for w in affinity.get("preferredDuringSchedulingIgnoredDuringExecution") or []]
    for term in [*terms, *(pod.spec.get("topologySpreadConstraints") or [])]:
        if matches(term.get("labelSelector"), pod.labels):
            yield term["topologyKey"]


@policy("a drained node may take all pods of a process at once, or hang on one that is broken")
def disruptions_are_budgeted(given: Rendered) -> Broken:
    budgets = list(of_kind(given.objects, "PodDisruptionBudget"))
    for pod in _several(given):
        if not any(matches(spec(each).get("selector"), pod.labels) for each in budgets):
            yield pod.owner, "is in no PodDisruptionBudget"
    for each in budgets:
        chosen = [pod for pod in _running(given) if matches(spec(each).get("selector"), pod.labels)]
        if not chosen and not any(matches(spec(each)["selector"], one) for one in of_operators(given.objects)):
            yield each, "selects no pod"
        if len(chosen) > 1:
            yield each, f"counts pods of {', '.join(sorted(label(pod.owner) for pod in chosen))} together"
        if spec(each).get("maxUnavailable") not in (1, "1"):
            yield each, "does not say maxUnavailable: 1, so a node can't be drained or too much goes at once"
        if spec(each).get("unhealthyPodEvictionPolicy") != "AlwaysAllow":
            yield each, "lets a pod that never became ready block a drain"


@policy("people, selectors, dashboards and policies find things by the four labels")
def labels_are_complete(given: Rendered) -> Broken:
    for pod in given.pods:
        for where, said in (("it", labels(pod.owner)), ("its pods", pod.labels)):
            lacking = [each for each in LABELS if not said.get(f"app.kubernetes.io/{each}")]
            if pod.service not in SERVICES:  # a store's version is its image's
                lacking = [each for each in lacking if each != "version"]
            if lacking:
                yield pod.owner, f"{where} lacks the labels {', '.join(lacking)}"
        if pod.labels.get("app.kubernetes.io/part-of", "lianxin") != "lianxin":
            yield pod.owner, "is not part-of lianxin"


@policy("a workload that does not select its own pods makes pods for ever; a version in it can't be upgraded")
def selectors_match_and_stay(given: Rendered) -> Broken:
    for pod in given.pods:
        if pod.owner["kind"] in ("Deployment", "StatefulSet", "DaemonSet"):
            selector = spec(pod.owner).get("selector") or {}
            if not matches(selector, pod.labels) or not selector.get("matchLabels"):
                yield pod.owner, "does not select its own pods"
            if "app.kubernetes.io/version" in (selector.get("matchLabels") or {}):
                yield pod.owner, "has the version in its selector, which nobody may change"


@policy("two workloads that select the same pods fight over them")
def selectors_are_apart(given: Rendered) -> Broken:
    for pod in _running(given):
        for other in _running(given):
            same = namespace(pod.owner) == namespace(other.owner)
            if other.owner is not pod.owner and same and matches(spec(other.owner).get("selector"), pod.labels):
                yield other.owner, f"also selects the pods of {label(pod.owner)}"


@policy("an identity of its own, and no token for an API that none of our processes calls")
def own_service_account(given: Rendered) -> Broken:
    accounts = {name(each): each for each in of_kind(given.objects, "ServiceAccount")}
    for pod in given.pods:
        account = pod.spec.get("serviceAccountName", "default")
        if account == "default" or account not in accounts or "serviceAccount" in pod.spec:
            yield pod.owner, f"runs as ServiceAccount {account}, which is default or not rendered"
        if pod.spec.get("automountServiceAccountToken") is not False:
            yield pod.owner, "mounts a token of the Kubernetes API"


@policy("Kubernetes puts <SERVICE>_PORT and the like into every environment, where settings are read")
def no_service_links(given: Rendered) -> Broken:
    for pod in given.pods:
        if pod.spec.get("enableServiceLinks") is not False:
            yield pod.owner, "does not set enableServiceLinks: false"


@policy("an autoscaler needs its target, a request to measure by, and two pods at least; replicas said twice fight")
def autoscalers_can_scale(given: Rendered) -> Broken:
    workloads = {(pod.owner["kind"], name(pod.owner)): pod for pod in given.pods}
    for each in of_kind(given.objects, "HorizontalPodAutoscaler"):
        target = spec(each)["scaleTargetRef"]
        pod = workloads.get((target["kind"], target["name"]))
        if pod is None:
            yield each, f"scales {target['kind']}/{target['name']}, which is not rendered"
            continue
        if not all("cpu" in ((c.get("resources") or {}).get("requests") or {}) for c in pod.main()):
            yield each, "scales by CPU what requests none"
        if not 2 <= spec(each).get("minReplicas", 1) < spec(each)["maxReplicas"]:
            yield each, "does not scale between two pods and more"
        if "replicas" in spec(pod.owner):
            yield each, f"scales {label(pod.owner)}, which says replicas itself: each apply would undo it"
        if pod.component == "worker":
            yield each, "scales a worker, of which one is active: a second only stands by"
