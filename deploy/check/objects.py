"""Reading Kubernetes objects as `kubectl kustomize` renders them."""

from collections.abc import Iterator
from typing import Any, NamedTuple

Object = dict[str, Any]

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod")


def label(each: Object) -> str:
    """`Deployment/intake-api`, as findings name it."""
    return f"{each.get('kind', '?')}/{name(each)}"


def name(each: Object) -> str:
    return str(each.get("metadata", {}).get("name", "?"))


def namespace(each: Object) -> str:
    return str(each.get("metadata", {}).get("namespace", ""))


def labels(each: Object) -> dict[str, str]:
    return each.get("metadata", {}).get("labels") or {}


def spec(each: Object) -> Object:
    return each.get("spec") or {}


def of_kind(objects: tuple[Object, ...], *kinds: str) -> Iterator[Object]:
    return (each for each in objects if each.get("kind") in kinds)


class Pod(NamedTuple):
    """A pod as its workload makes it: the workload, the template's metadata and its spec."""

    owner: Object
    metadata: Object
    spec: Object

    @property
    def labels(self) -> dict[str, str]:
        return self.metadata.get("labels") or {}

    @property
    def component(self) -> str:
        return self.labels.get("app.kubernetes.io/component", "")

    @property
    def service(self) -> str:
        """`sla`, read from the label `app.kubernetes.io/name: lianxin-sla`."""
        return self.labels.get("app.kubernetes.io/name", "").removeprefix("lianxin-")

    def containers(self) -> Iterator[Object]:
        yield from self.spec.get("initContainers") or []
        yield from self.spec.get("containers") or []

    def main(self) -> Iterator[Object]:
        yield from self.spec.get("containers") or []


def pods(objects: tuple[Object, ...]) -> Iterator[Pod]:
    for owner in of_kind(objects, *WORKLOADS):
        template = _template(owner)
        yield Pod(owner, template.get("metadata") or {}, template.get("spec") or {})


def _template(owner: Object) -> Object:
    if owner["kind"] == "Pod":
        return owner
    inner = spec(owner)["jobTemplate"] if owner["kind"] == "CronJob" else owner
    return spec(inner).get("template") or {}


def of_operators(objects: tuple[Object, ...]) -> Iterator[dict[str, str]]:
    """Labels of the pods that operators make for the databases and brokers we ask them for."""
    for each in of_kind(objects, "Cluster"):
        yield {"cnpg.io/cluster": name(each), "cnpg.io/podRole": "instance"}
    for each in of_kind(objects, "RabbitmqCluster"):
        said = {"name": name(each), "component": "rabbitmq", "part-of": "rabbitmq"}
        yield {f"app.kubernetes.io/{key}": value for key, value in said.items()}


def matches(selector: Object | None, given: dict[str, str]) -> bool:
    """Whether a label selector takes these labels; an empty one takes all, an absent one none."""
    if selector is None:
        return False
    equal = all(given.get(key) == value for key, value in (selector.get("matchLabels") or {}).items())
    return equal and all(_holds(each, given) for each in selector.get("matchExpressions") or [])


def _holds(expression: Object, given: dict[str, str]) -> bool:
    key, values = expression["key"], expression.get("values") or []
    match expression["operator"]:
        case "In":
            return given.get(key) in values
        case "NotIn":
            return given.get(key) not in values
        case "Exists":
            return key in given
        case _:
            return key not in given
