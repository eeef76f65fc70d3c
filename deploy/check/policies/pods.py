"""Pod Security's restricted profile, field by field, and a little more: what a broken process may not do."""

from collections.abc import Iterator
from typing import Any

from deploy.check.objects import Object, Pod, of_kind
from deploy.check.policies.policy import Broken, policy
from deploy.check.rendering import Rendered

APPLICATION_UID = 10001
VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret",
}  # fmt: skip
SAFE_SELINUX = {"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}


def _contexts(pod: Pod) -> Iterator[tuple[str, Object]]:
    """The pod's security context and each container's, by name."""
    yield "pod", pod.spec.get("securityContext") or {}
    for each in pod.containers():
        yield each["name"], each.get("securityContext") or {}


def _each_container(given: Rendered) -> Iterator[tuple[Pod, Object, Object]]:
    for pod in given.pods:
        for each in pod.containers():
            yield pod, each, each.get("securityContext") or {}


def _effective(pod: Pod, context: Object, key: str) -> Any:
    """A container's own value, else its pod's."""
    return context.get(key, (pod.spec.get("securityContext") or {}).get(key))


@policy("a pod that shares its host's namespaces sees and signals what is not its own")
def no_host_namespaces(given: Rendered) -> Broken:
    for pod in given.pods:
        for key in ("hostNetwork", "hostPID", "hostIPC"):
            if pod.spec.get(key):
                yield pod.owner, f"{key} is on"


@policy("a privileged container is root on its host")
def no_privileged_container(given: Rendered) -> Broken:
    for pod, each, context in _each_container(given):
        if context.get("privileged"):
            yield pod.owner, f"container {each['name']} is privileged"


@policy("a set-uid program must not give a process more than it was started with")
def no_privilege_escalation(given: Rendered) -> Broken:
    for pod, each, context in _each_container(given):
        if context.get("allowPrivilegeEscalation") is not False:
            yield pod.owner, f"container {each['name']} does not set allowPrivilegeEscalation: false"


@policy("none of our processes needs a capability; NET_RAW alone would let it forge packets")
def no_capabilities(given: Rendered) -> Broken:
    for pod, each, context in _each_container(given):
        capabilities = context.get("capabilities") or {}
        if "ALL" not in (capabilities.get("drop") or []) or capabilities.get("add"):
            yield pod.owner, f"container {each['name']} does not drop ALL capabilities, or adds some"


@policy("root in a container is root on the host once something else fails")
def not_as_root(given: Rendered) -> Broken:
    for pod, each, context in _each_container(given):
        if _effective(pod, context, "runAsNonRoot") is not True or _effective(pod, context, "runAsUser") == 0:
            yield pod.owner, f"container {each['name']} may run as root"


@policy("files of the image and of volumes belong to one user, who exists nowhere else")
def as_the_images_user(given: Rendered) -> Broken:
    for pod, each, context in _each_container(given):
        uid = _effective(pod, context, "runAsUser")
        if "/lianxin-" in f"/{each['image']}" and uid != APPLICATION_UID:
            yield pod.owner, f"container {each['name']} runs as {uid}, not as {APPLICATION_UID}"


@policy("system calls that no ordinary program makes are how a kernel is attacked")
def seccomp_filters(given: Rendered) -> Broken:
    for pod, each, context in _each_container(given):
        profile = _effective(pod, context, "seccompProfile") or {}
        if profile.get("type") not in ("RuntimeDefault", "Localhost"):
            yield pod.owner, f"container {each['name']} has no seccompProfile"


@policy("the runtime's other walls stay up: /proc masked, AppArmor, SELinux, no sysctls, no host process of Windows")
def walls_of_the_runtime(given: Rendered) -> Broken:
    for pod in given.pods:
        for name, context in _contexts(pod):
            if any(_weakened(context)):
                yield pod.owner, f"{name} weakens {', '.join(_weakened(context))}"


def _weakened(context: Object) -> list[str]:
    selinux = context.get("seLinuxOptions") or {}
    wrong = {
        "procMount": context.get("procMount", "Default") != "Default",
        "appArmorProfile": (context.get("appArmorProfile") or {}).get("type") == "Unconfined",
        "seLinuxOptions": selinux.get("type", "") not in SAFE_SELINUX or bool({"user", "role"} & selinux.keys()),
        "sysctls": bool(context.get("sysctls")),
        "windowsOptions": bool((context.get("windowsOptions") or {}).get("hostProcess")),
    }
    return [name for name, bad in wrong.items() if bad]


@policy("a volume that is a piece of the host is a way out of the container")
def no_volume_of_the_host(given: Rendered) -> Broken:
    for pod in given.pods:
        for volume in pod.spec.get("volumes") or []:
            kinds = set(volume) - {"name"}
            if not kinds <= VOLUMES:
                yield pod.owner, f"volume {volume['name']} is of kind {', '.join(sorted(kinds - VOLUMES))}"


@policy("a port of the host is open to everyone who reaches the node; below 1024 only root listens")
def no_port_of_the_host(given: Rendered) -> Broken:
    for pod, each, _ in _each_container(given):
        for port in each.get("ports") or []:
            if port.get("hostPort") or port["containerPort"] < 1024:
                yield pod.owner, f"container {each['name']} takes port {port.get('hostPort') or port['containerPort']}"


@policy("what runs must be what was built: nobody can leave a file behind")
def read_only_root(given: Rendered) -> Broken:
    for pod, each, context in _each_container(given):
        if context.get("readOnlyRootFilesystem") is not True:
            yield pod.owner, f"container {each['name']} has a writable root"


@policy("a scratch folder without limit fills the node's disk; only /tmp is one")
def only_tmp_is_writable(given: Rendered) -> Broken:
    for pod in given.pods:
        scratch = {each["name"]: each["emptyDir"] or {} for each in pod.spec.get("volumes") or [] if "emptyDir" in each}
        for name, about in scratch.items():
            if "sizeLimit" not in about:
                yield pod.owner, f"emptyDir {name} has no sizeLimit"
        for container in pod.containers():
            for mount in container.get("volumeMounts") or []:
                writable = mount["name"] in scratch and mount["mountPath"] != "/tmp" and not mount.get("readOnly")
                if writable and "/lianxin-" in f"/{container['image']}":
                    yield pod.owner, f"container {container['name']} may write to {mount['mountPath']}"


@policy("the API server refuses what these policies miss: the profile is enforced, and its version does not drift")
def namespace_enforces_restricted(given: Rendered) -> Broken:
    namespaces = list(of_kind(given.objects, "Namespace"))
    for each in namespaces:
        said = (each["metadata"].get("labels")) or {}
        for mode in ("enforce", "audit", "warn"):
            key = f"pod-security.kubernetes.io/{mode}"
            if said.get(key) != "restricted" or not said.get(f"{key}-version", "").startswith("v1."):
                yield each, f"{key} is not restricted at a pinned version"
    if not namespaces:
        yield {"kind": "Namespace"}, "is not among what is rendered"
