"""What runs once a release, and who waits for it."""

from collections.abc import Iterator

from deploy.check.objects import Pod, label, matches, name, of_kind, spec
from deploy.check.policies.policy import Broken, policy
from deploy.check.rendering import Rendered
from services import SERVICES


def _jobs(given: Rendered) -> Iterator[Pod]:
    return (pod for pod in given.pods if pod.owner["kind"] == "Job")


@policy("each service's database and the broker's topology are prepared before a release starts")
def a_job_prepares_each(given: Rendered) -> Broken:
    migrated = {pod.service for pod in _jobs(given) if pod.component == "migrate"}
    for service in SERVICES:
        if service not in migrated:
            yield {"kind": "Job", "metadata": {"name": f"{service}-migrate"}}, "is not rendered"
    if not any(pod.component == "topology" for pod in _jobs(given)):
        yield {"kind": "Job", "metadata": {"name": "topology"}}, "is not rendered"


@policy("a Job can't be changed: the next release needs a new name, which is its version")
def jobs_are_named_by_release(given: Rendered) -> Broken:
    for pod in _jobs(given):
        version = pod.labels.get("app.kubernetes.io/version", "")
        if not version or not name(pod.owner).endswith((f"-{version}", f"-{version.replace('.', '-')}")):
            yield pod.owner, f"is not named by its release {version}"


@policy("a job that hangs holds the release; one that tries for ever hides its failure; one that stays is litter")
def jobs_end(given: Rendered) -> Broken:
    for pod in _jobs(given):
        if pod.spec.get("restartPolicy") != "Never":
            yield pod.owner, "restarts in its pod, so the failed attempts' logs are lost"
        for key in ("activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"):
            if key not in spec(pod.owner):
                yield pod.owner, f"has no {key}"


@policy("a pod that starts before its database is at its revision fails; it waits, and never migrates itself")
def processes_wait_for_their_release(given: Rendered) -> Broken:
    for pod in given.pods:
        if pod.component in ("api", "worker"):
            waiting = [each.get("args") or [] for each in pod.spec.get("initContainers") or []]
            if not any(args[:1] == ["await"] for args in waiting):
                yield pod.owner, "has no init container that runs `await`"
            if any(args[:1] == ["migrate"] for args in waiting):
                yield pod.owner, "migrates in an init container"


@policy("init container and process are one release, or the one waits for what the other does not need")
def a_pod_is_one_release(given: Rendered) -> Broken:
    for pod in given.pods:
        images = {each["image"] for each in pod.containers() if "/lianxin-" in f"/{each['image']}"}
        if len(images) > 1:
            yield pod.owner, f"runs {' and '.join(sorted(images))} together"


@policy("a job's pod that a Service or a budget selects gets requests, or stops a drain")
def jobs_serve_nobody(given: Rendered) -> Broken:
    for pod in _jobs(given):
        for each in of_kind(given.objects, "Service", "PodDisruptionBudget"):
            chosen = spec(each).get("selector")
            selector = {"matchLabels": chosen} if each["kind"] == "Service" and chosen else chosen
            if matches(selector or None, pod.labels):
                yield each, f"also selects the pods of {label(pod.owner)}"
