"""What objects name exists, belongs to a namespace, is there once, and holds no secret."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from deploy.check.objects import Object, Pod, name, namespace, of_kind, spec
from deploy.check.policies.policy import Broken, Level, policy
from deploy.check.rendering import Rendered

EXTERNAL = "lianxin/external-secrets"
"""Annotation of a Namespace or ConfigMap: names, by comma, of secrets that a person or an operator makes."""
WITHOUT_NAMESPACE = {"Namespace", "ClusterRole", "ClusterRoleBinding", "PriorityClass", "StorageClass", "ClusterIssuer"}
CREDENTIAL = re.compile(r"://[^/\s:@]+:[^/\s@]+@|-----BEGIN [A-Z ]*PRIVATE KEY|\"d\":\s*\"", re.I)


def offered(given: Rendered) -> dict[str, set[str] | None]:
    """Secrets by name with their keys; none for keys that nobody here knows."""
    there: dict[str, set[str] | None] = {}
    for each in of_kind(given.objects, "Secret"):
        there[name(each)] = set(each.get("data") or {}) | set(each.get("stringData") or {})
    for each in of_kind(given.objects, "ExternalSecret"):
        target = spec(each).get("target") or {}
        keys = {one["secretKey"] for one in spec(each).get("data") or []}
        keys = set((target.get("template") or {}).get("data") or {}) or keys
        there[target.get("name", name(each))] = None if spec(each).get("dataFrom") else keys
    for each in of_kind(given.objects, "Cluster"):
        there |= {f"{name(each)}-{made}": None for made in ("app", "ca", "server", "replication", "superuser")}
    for each in of_kind(given.objects, "RabbitmqCluster"):
        there[f"{name(each)}-default-user"] = None
    for each in given.objects:
        said = str((each["metadata"].get("annotations") or {}).get(EXTERNAL, ""))
        there |= {one.strip(): None for one in said.split(",") if one.strip() and one.strip() not in there}
    return there


def named(pod: Pod) -> Iterator[tuple[str, str, set[str]]]:
    """(kind, name, keys) of each config map, secret and claim a pod needs; optional ones left out."""
    for volume in pod.spec.get("volumes") or []:
        for source in [volume, *((volume.get("projected") or {}).get("sources") or [])]:
            yield from _source(source)
    for container in pod.containers():
        for source in container.get("envFrom") or []:
            for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
                if key in source and not source[key].get("optional"):
                    yield kind, source[key]["name"], set()
        for variable in container.get("env") or []:
            for key, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
                if key in (variable.get("valueFrom") or {}):
                    yield kind, variable["valueFrom"][key]["name"], {variable["valueFrom"][key]["key"]}


def _source(source: Object) -> Iterator[tuple[str, str, set[str]]]:
    for key, kind, called in (
        ("configMap", "ConfigMap", "name"),
        ("secret", "Secret", "secretName" if "emptyDir" not in source else "name"),
        ("persistentVolumeClaim", "PersistentVolumeClaim", "claimName"),
    ):
        about: dict[str, Any] | None = source.get(key)
        if about and not about.get("optional"):
            yield kind, about.get(called) or about.get("name", "?"), {item["key"] for item in about.get("items") or []}


@policy("a pod that names what is not there waits for it in ContainerCreating for ever")
def what_pods_name_is_there(given: Rendered) -> Broken:
    there: dict[tuple[str, str], set[str] | None] = {("Secret", one): keys for one, keys in offered(given).items()}
    for each in of_kind(given.objects, "ConfigMap", "PersistentVolumeClaim"):
        there[each["kind"], name(each)] = set(each.get("data") or {}) | set(each.get("binaryData") or {})
    for pod in given.pods:
        for kind, called, keys in named(pod):
            if (kind, called) not in there:
                yield pod.owner, f"needs {kind} {called}, which is neither rendered nor declared external"
            elif (has := there[kind, called]) is not None and keys - has:
                yield pod.owner, f"needs {', '.join(sorted(keys - has))} of {kind} {called}, which has no such key"


@policy("a secret in git is known to everyone who ever had the repository", Level.INSTALLED)
def no_secret_is_rendered(given: Rendered) -> Broken:
    for each in of_kind(given.objects, "Secret"):
        yield each, "is rendered from files of the repository"


@policy("a config map is readable by all who may read pods")
def no_credential_in_a_config_map(given: Rendered) -> Broken:
    for each in of_kind(given.objects, "ConfigMap"):
        for key, text in (each.get("data") or {}).items():
            if CREDENTIAL.search(text):
                yield each, f"{key} holds a credential"


@policy("what has no namespace lands in whichever is current")
def everything_has_a_namespace(given: Rendered) -> Broken:
    there = {name(each) for each in of_kind(given.objects, "Namespace")}
    for each in given.objects:
        if each["kind"] not in WITHOUT_NAMESPACE and namespace(each) in ("", "default"):
            yield each, "is in no namespace of its own"
        elif namespace(each) and there and namespace(each) not in there:
            yield each, f"is in namespace {namespace(each)}, which is not rendered"


@policy("of two objects with one name the second overwrites the first")
def everything_is_there_once(given: Rendered) -> Broken:
    seen = Counter((each["apiVersion"], each["kind"], namespace(each), name(each)) for each in given.objects)
    for each in given.objects:
        if seen[each["apiVersion"], each["kind"], namespace(each), name(each)] > 1:
            yield each, "is rendered more than once"


@policy("a beta of Kubernetes' own API is gone two releases later")
def no_beta_of_kubernetes(given: Rendered) -> Broken:
    for each in given.objects:
        group, _, version = each["apiVersion"].rpartition("/")
        own = "." not in group or group.endswith(".k8s.io")
        if own and re.search("alpha|beta", version):
            yield each, f"is of {each['apiVersion']}"


@policy("none of our processes calls Kubernetes, so nothing of ours may be allowed to")
def nobody_may_call_kubernetes(given: Rendered) -> Broken:
    for each in of_kind(given.objects, "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"):
        yield each, "gives rights in the Kubernetes API"
