"""Every policy over Kubernetes objects finds the mistake it is there for, and nothing in a sample without mistakes."""

import copy
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.check import builtin_kinds, custom_kinds
from deploy.check.objects import Object, label
from deploy.check.policies import POLICIES, checklist
from deploy.check.rendering import Rendered
from services import SERVICES

SAMPLE = Path(__file__).parent / "sample"
Objects = dict[str, Object]


def read(name: str, service: str = "") -> list[Object]:
    text = (SAMPLE / name).read_text(encoding="utf-8").replace("SERVICE", service)
    if service != "intake":
        text = "\n".join(line for line in text.splitlines() if "INDEX_KEY" not in line and "MASTER_KEYS" not in line)
    return [copy.deepcopy(each) for each in yaml.safe_load_all(text)]


def worker(api: Object) -> Object:
    """The worker beside an api: the same pod, two of it, with another word in its labels and arguments."""
    made = yaml.safe_load(yaml.dump(api, Dumper=Plain).replace("-api", "-worker").replace(" api\n", " worker\n"))
    made["spec"]["replicas"] = 2
    return made


def job(api: Object, name: str, component: str) -> Object:
    template = copy.deepcopy(api["spec"]["template"])
    template["metadata"]["labels"]["app.kubernetes.io/component"] = component
    pod = template["spec"]
    pod["restartPolicy"] = "Never"
    pod["containers"] = [{**pod["containers"][0], "args": [component]}]
    del pod["initContainers"], pod["topologySpreadConstraints"]
    labels = dict(template["metadata"]["labels"])
    spec = {"backoffLimit": 6, "activeDeadlineSeconds": 900, "ttlSecondsAfterFinished": 86400, "template": template}
    metadata = {"name": f"{name}-1.2.3", "namespace": "lianxin", "labels": labels}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}


class Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def sample() -> Objects:
    """A production without mistakes, by `Kind/name`; every test its own."""
    return copy.deepcopy(_sample())


@cache
def _sample() -> Objects:
    made = read("shared.yaml")
    for service in SERVICES:
        objects = read("service.yaml", service)
        budget = worker(next(each for each in objects if each["kind"] == "PodDisruptionBudget"))
        del budget["spec"]["replicas"]
        made += [*objects, budget, worker(objects[0]), job(objects[0], f"lianxin-{service}-migrate", "migrate")]
    made.append(job(read("service.yaml", "sla")[0], "lianxin-topology", "topology"))
    made = [yaml.safe_load(yaml.dump(each, Dumper=Plain)) for each in made]  # nothing is shared by two of them
    return {label(each): each for each in made}


def production(objects: Objects) -> Rendered:
    return Rendered("k8s/overlays/production", tuple(objects.values()))


def broken(objects: Objects) -> set[tuple[str, str]]:
    """(policy, object) of each finding."""
    given = production(objects)
    return {(each.name, finding.object) for each in POLICIES for finding in each.findings(given)}


def pod(objects: Objects, key: str) -> Object:
    return objects[key]["spec"]["template"]["spec"]


def main(objects: Objects, key: str) -> Object:
    return pod(objects, key)["containers"][0]


def left_out(objects: Objects, policy: str) -> None:
    """The api of sla gets a label, and the network policy covers only pods without it."""
    objects[API]["spec"]["template"]["metadata"]["labels"]["left-out"] = "yes"
    without = {"matchExpressions": [{"key": "left-out", "operator": "DoesNotExist"}]}
    objects[policy]["spec"]["podSelector"] = without


API = "Deployment/lianxin-sla-api"
WORKER = "Deployment/lianxin-sla-worker"
JOB = "Job/lianxin-sla-migrate-1.2.3"
PLANTED: dict[str, list[tuple[str, Callable[[Objects], Any]]]] = {}


def planted(policy: str, found: str = API) -> Callable[[Callable[[Objects], Any]], Callable[[Objects], Any]]:
    """A mistake, the policy that must find it, and the object it must name."""

    def keep(mistake: Callable[[Objects], Any]) -> Callable[[Objects], Any]:
        PLANTED.setdefault(policy, []).append((found, mistake))
        return mistake

    return keep


def plant(policy: str, found: str, mistake: Callable[[Objects], Any]) -> None:
    planted(policy, found)(mistake)


# Pods.
for field in ("hostNetwork", "hostPID", "hostIPC"):
    plant("no-host-namespaces", API, lambda o, field=field: pod(o, API).update({field: True}))
plant("no-privileged-container", API, lambda o: main(o, API)["securityContext"].update(privileged=True))
plant("no-privilege-escalation", API, lambda o: main(o, API)["securityContext"].pop("allowPrivilegeEscalation"))
plant("no-capabilities", API, lambda o: main(o, API)["securityContext"].pop("capabilities"))
plant("no-capabilities", API, lambda o: main(o, API)["securityContext"]["capabilities"].update(add=["NET_ADMIN"]))
plant("not-as-root", API, lambda o: pod(o, API)["securityContext"].pop("runAsNonRoot"))
plant("as-the-images-user", API, lambda o: pod(o, API)["securityContext"].update(runAsUser=1000))
plant("seccomp-filters", API, lambda o: pod(o, API)["securityContext"].pop("seccompProfile"))
for weak in (
    {"procMount": "Unmasked"}, {"appArmorProfile": {"type": "Unconfined"}}, {"seLinuxOptions": {"type": "spc_t"}},
    {"sysctls": [{"name": "net.core.somaxconn", "value": "1"}]}, {"windowsOptions": {"hostProcess": True}},
):  # fmt: skip
    plant("walls-of-the-runtime", API, lambda o, weak=weak: main(o, API)["securityContext"].update(weak))
plant("no-volume-of-the-host", API, lambda o: pod(o, API)["volumes"].append({"name": "h", "hostPath": {"path": "/"}}))
plant("no-port-of-the-host", API, lambda o: main(o, API)["ports"][0].update(hostPort=8000))
plant("no-port-of-the-host", API, lambda o: main(o, API)["ports"].append({"name": "ssh", "containerPort": 22}))
plant("read-only-root", API, lambda o: main(o, API)["securityContext"].update(readOnlyRootFilesystem=False))
plant("only-tmp-is-writable", API, lambda o: pod(o, API)["volumes"][1].update(emptyDir={}))
plant("only-tmp-is-writable", API, lambda o: main(o, API)["volumeMounts"][1].update(mountPath="/app"))
for mode in ("enforce", "audit", "warn"):
    plant("namespace-enforces-restricted", "Namespace/lianxin",
          lambda o, m=mode: o["Namespace/lianxin"]["metadata"]["labels"].pop(f"pod-security.kubernetes.io/{m}"))  # fmt: skip


# Containers.
def image(objects: Objects, text: str) -> None:
    for each in (*pod(objects, API)["initContainers"], *pod(objects, API)["containers"]):
        each["image"] = text


DIGEST = "@sha256:" + "0123456789abcdef" * 4
plant("image-has-a-version", API, lambda o: image(o, f"registry.example/lianxin-sla:latest{DIGEST}"))
plant("image-by-digest", API, lambda o: image(o, "registry.example/lianxin-sla:1.2.3"))
plant("image-is-pulled-once", API, lambda o: main(o, API).update(imagePullPolicy="Always"))
plant("resources-are-said", API, lambda o: main(o, API)["resources"]["requests"].pop("memory"))
plant("resources-are-said", API, lambda o: main(o, API)["resources"].update(limits={}))
plant("resources-are-said", API, lambda o: main(o, API)["resources"]["limits"].update(cpu="1"))
plant("no-secret-in-environment", API, lambda o: main(o, API)["env"].append({"name": "PAGE_KEY", "value": "x" * 24}))
plant("no-secret-in-environment", API,
      lambda o: main(o, API)["envFrom"].append({"secretRef": {"name": "lianxin-sla"}}))  # fmt: skip
plant("no-secret-in-environment", API, lambda o: main(o, API)["env"].append(
    {"name": "AMQP_URI", "valueFrom": {"secretKeyRef": {"name": "lianxin-sla", "key": "database-url"}}}))  # fmt: skip
plant("a-variable-is-said-once", API, lambda o: main(o, API)["env"].append(main(o, API)["env"][0]))
plant("every-setting-is-known", API, lambda o: main(o, API)["env"].append({"name": "LOGLEVEL", "value": "info"}))
plant("every-required-setting-is-said", "Deployment/lianxin-intake-api",
      lambda o: main(o, "Deployment/lianxin-intake-api")["env"].pop())  # fmt: skip
plant("every-secret-file-is-mounted", API, lambda o: main(o, API)["env"][0].update(value="/run/secrets/database-url"))
plant("the-process-is-named", API, lambda o: main(o, API).update(command=["sh", "-c", "api"]))
plant("the-process-is-named", WORKER, lambda o: main(o, WORKER).update(args=["api"]))
plant("probes-ask-the-ops-port", API, lambda o: main(o, API)["livenessProbe"]["httpGet"].update(port="http"))
plant("probes-ask-the-ops-port", API, lambda o: main(o, API)["livenessProbe"]["httpGet"].update(path="/readyz"))
for probe in ("startupProbe", "readinessProbe"):
    plant("probes-ask-the-ops-port", API, lambda o, p=probe: main(o, API).pop(p))
plant("liveness-is-patient", API, lambda o: main(o, API)["livenessProbe"].update(failureThreshold=1))

# Workloads.
plant("every-process-is-there", "Deployment/sla-worker",
      lambda o: (o.pop(WORKER), o.pop("PodDisruptionBudget/lianxin-sla-worker")))  # fmt: skip
plant("two-replicas", WORKER, lambda o: o[WORKER]["spec"].update(replicas=0))
plant("rolls-without-a-gap", API, lambda o: o[API]["spec"]["strategy"]["rollingUpdate"].update(maxUnavailable=1))
plant("rolls-without-a-gap", API, lambda o: o[API]["spec"].update(strategy={"type": "Recreate"}))
plant("rolls-without-a-gap", API, lambda o: o[API]["spec"].pop("progressDeadlineSeconds"))
plant("grace-outlasts-the-drain", API, lambda o: pod(o, API).update(terminationGracePeriodSeconds=15))
plant("spread-over-nodes", API, lambda o: pod(o, API)["topologySpreadConstraints"].pop(0))
plant("spread-over-nodes", API,
      lambda o: pod(o, API)["topologySpreadConstraints"][0].update(labelSelector={"matchLabels": {"a": "b"}}))  # fmt: skip
plant("spread-over-zones", API, lambda o: pod(o, API)["topologySpreadConstraints"].pop(1))
BUDGET = "PodDisruptionBudget/lianxin-sla-api"
plant("disruptions-are-budgeted", API, lambda o: o.pop(BUDGET))
plant("disruptions-are-budgeted", BUDGET, lambda o: o[BUDGET]["spec"].update(maxUnavailable=0))
plant("disruptions-are-budgeted", BUDGET, lambda o: o[BUDGET]["spec"].pop("unhealthyPodEvictionPolicy"))
plant("disruptions-are-budgeted", "PodDisruptionBudget/nobody",
      lambda o: o.update(nobody={**copy.deepcopy(o[BUDGET]), "metadata": {"name": "nobody", "namespace": "lianxin"},
                                 "spec": {**o[BUDGET]["spec"], "selector": {"matchLabels": {"a": "b"}}}}))  # fmt: skip
plant("labels-are-complete", API, lambda o: o[API]["metadata"]["labels"].pop("app.kubernetes.io/version"))
plant("selectors-match-and-stay", API,
      lambda o: o[API]["spec"]["selector"]["matchLabels"].update({"app.kubernetes.io/version": "1.2.3"}))  # fmt: skip
plant("selectors-are-apart", API,
      lambda o: o[API]["spec"]["selector"]["matchLabels"].pop("app.kubernetes.io/component"))  # fmt: skip
plant("own-service-account", API, lambda o: pod(o, API).pop("serviceAccountName"))
plant("own-service-account", API, lambda o: pod(o, API).update(serviceAccountName="nobody"))
plant("own-service-account", API, lambda o: pod(o, API).pop("automountServiceAccountToken"))
plant("no-service-links", API, lambda o: pod(o, API).pop("enableServiceLinks"))
SCALER = "HorizontalPodAutoscaler/lianxin-sla-api"
plant("autoscalers-can-scale", SCALER, lambda o: o[SCALER]["spec"].update(minReplicas=1))
plant("autoscalers-can-scale", SCALER, lambda o: o[API]["spec"].update(replicas=2))
plant("autoscalers-can-scale", SCALER, lambda o: o[SCALER]["spec"]["scaleTargetRef"].update(name="lianxin-sla-worker") or
      o[API]["spec"].update(replicas=2) or o[WORKER]["spec"].pop("replicas"))  # fmt: skip

# Jobs.
plant("a-job-prepares-each", "Job/sla-migrate", lambda o: o.pop(JOB))
plant("a-job-prepares-each", "Job/topology", lambda o: o.pop("Job/lianxin-topology-1.2.3"))
plant("jobs-are-named-by-release", "Job/lianxin-sla-migrate",
      lambda o: o[JOB]["metadata"].update(name="lianxin-sla-migrate"))  # fmt: skip
plant("jobs-end", JOB, lambda o: pod(o, JOB).update(restartPolicy="OnFailure"))
for key in ("activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"):
    plant("jobs-end", JOB, lambda o, k=key: o[JOB]["spec"].pop(k))
plant("processes-wait-for-their-release", API, lambda o: pod(o, API).pop("initContainers"))
plant("processes-wait-for-their-release", API, lambda o: pod(o, API)["initContainers"][0].update(args=["migrate"]))
plant("a-pod-is-one-release", API,
      lambda o: main(o, API).update(image=f"registry.example/lianxin-sla:1.2.4{DIGEST}"))  # fmt: skip
FRONT = "Service/lianxin-sla-api"
plant("jobs-serve-nobody", FRONT, lambda o: o[FRONT]["spec"]["selector"].pop("app.kubernetes.io/component"))

# Network.
plant("services-lead-to-ports", FRONT, lambda o: o[FRONT]["spec"]["ports"][0].update(targetPort="web"))
plant("services-stay-inside", FRONT, lambda o: o[FRONT]["spec"].update(type="NodePort"))
ROUTE = "HTTPRoute/lianxin"
plant("routes-lead-to-services", ROUTE, lambda o: o[ROUTE]["spec"]["rules"][0]["backendRefs"][0].update(name="intake"))
plant("routes-lead-to-services", ROUTE, lambda o: o[ROUTE]["spec"]["rules"][0]["backendRefs"][0].update(port=9000))
MONITOR = "ServiceMonitor/lianxin-api"
plant("monitors-select-something", MONITOR, lambda o: o[MONITOR]["spec"]["endpoints"][0].update(port="metrics"))
plant("monitors-select-something", "PodMonitor/lianxin-worker",
      lambda o: o["PodMonitor/lianxin-worker"]["spec"]["podMetricsEndpoints"][0].update(port="metrics"))  # fmt: skip
plant("every-process-is-scraped", WORKER, lambda o: o["PodMonitor/lianxin-worker"]["spec"]["selector"].update(
    matchExpressions=[{"key": "app.kubernetes.io/name", "operator": "NotIn", "values": ["lianxin-sla"]}]))  # fmt: skip
DENY, NAMES, STORES = (f"NetworkPolicy/{name}" for name in ("deny-all", "dns", "stores"))
plant("networks-are-closed", "NetworkPolicy/?", lambda o: [o.pop(key) for key in (DENY, NAMES, STORES)])
plant("policies-cover-every-pod", API, lambda o: left_out(o, DENY))
plant("every-pod-may-ask-for-names", API, lambda o: left_out(o, NAMES))
plant("policies-name-real-pods", STORES,
      lambda o: o[STORES]["spec"]["podSelector"]["matchLabels"].update({"app.kubernetes.io/part-of": "lianxn"}))  # fmt: skip
plant("policies-name-real-pods", STORES, lambda o: o[STORES]["spec"]["egress"][0]["to"][0]["podSelector"].update(
    matchLabels={"lianxin/kind": "databse"}))  # fmt: skip
plant("policies-are-narrow", STORES, lambda o: o[STORES]["spec"]["egress"][0].pop("to"))
plant("policies-are-narrow", STORES, lambda o: o[STORES]["spec"]["egress"][0].pop("ports"))
plant("policies-are-narrow", STORES, lambda o: o[STORES]["spec"].update(ingress=[{"ports": [{"port": 8000}]}]))

# References.
plant("what-pods-name-is-there", API, lambda o: pod(o, API)["volumes"][0]["secret"].update(secretName="lianxin-sal"))
plant("what-pods-name-is-there", API, lambda o: pod(o, API)["volumes"][0]["secret"]["items"][0].update(key="nothing"))
plant("what-pods-name-is-there", API, lambda o: main(o, API)["envFrom"][0]["configMapRef"].update(name="settings"))
plant("no-secret-is-rendered", "Secret/x", lambda o: o.update(x={
    "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x", "namespace": "lianxin"}}))  # fmt: skip
SETTINGS = "ConfigMap/lianxin-settings"
plant("no-credential-in-a-config-map", SETTINGS,
      lambda o: o[SETTINGS]["data"].update(STREET="https://user:secret@gateway.example/"))  # fmt: skip
plant("everything-has-a-namespace", "ServiceAccount/lianxin-sla",
      lambda o: o["ServiceAccount/lianxin-sla"]["metadata"].pop("namespace"))  # fmt: skip
plant("everything-is-there-once", SETTINGS, lambda o: o.update(again=copy.deepcopy(o[SETTINGS])))
plant("no-beta-of-kubernetes", SCALER, lambda o: o[SCALER].update(apiVersion="autoscaling/v2beta2"))
plant("nobody-may-call-kubernetes", "Role/x", lambda o: o.update(x={
    "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "x", "namespace": "lianxin"},
    "rules": []}))  # fmt: skip

# Stores.
CLUSTER, BROKER = "Cluster/postgres", "RabbitmqCluster/rabbitmq"
plant("every-database-is-backed-up", CLUSTER, lambda o: o.pop("ScheduledBackup/nightly"))
plant("every-database-is-backed-up", CLUSTER, lambda o: o[CLUSTER]["spec"].pop("plugins"))
plant("databases-have-a-standby", CLUSTER, lambda o: o[CLUSTER]["spec"].update(instances=1))
plant("the-broker-has-a-majority", BROKER, lambda o: o[BROKER]["spec"].update(replicas=2))
plant("the-broker-has-a-majority", BROKER, lambda o: o[BROKER]["spec"].pop("affinity"))
plant("stores-say-their-size", CLUSTER, lambda o: o[CLUSTER]["spec"].pop("resources"))
plant("stores-say-their-size", BROKER, lambda o: o[BROKER]["spec"].pop("persistence"))


def test_a_sample_without_mistakes_breaks_nothing() -> None:
    given = production(sample())
    assert broken(sample()) == set()
    assert [str(each) for each in (*builtin_kinds.wrong(given), *custom_kinds.wrong(given))] == []


def test_each_policy_finds_its_mistakes_and_no_other_does() -> None:
    wrong = []
    for policy, several in PLANTED.items():
        for number, (place, mistake) in enumerate(several):
            objects = sample()
            mistake(objects)
            if (found := broken(objects)) != {(policy, place)}:
                wrong.append(f"mistake {number} of {policy}: expected {place}, found {sorted(found)}")
    assert wrong == []


def test_every_policy_has_a_planted_mistake_and_a_reason() -> None:
    assert {each.name for each in POLICIES} == set(PLANTED)
    assert [each.name for each in POLICIES if len(each.reason) < 20] == []


def test_what_only_production_must_have_is_not_asked_of_dev() -> None:
    objects = sample()
    image(objects, "registry.example/lianxin-sla:1.2.3")
    given = Rendered("k8s/overlays/dev", tuple(objects.values()))
    assert [finding for each in POLICIES for finding in each.findings(given)] == []


def test_kube_linters_list_is_gone_through_and_every_check_of_it_is_covered_or_refused_with_a_reason() -> None:
    names = {each.name for each in POLICIES}
    assert {ours for several in checklist.COVERED.values() for ours in several} <= names | checklist.CHECKS
    assert set(checklist.COVERED) & set(checklist.NOT_ASKED) == set()
    assert all(len(reason) > 20 for reason in checklist.NOT_ASKED.values())


@pytest.mark.parametrize(
    ("found", "mistake", "sentence"),
    [
        (API, lambda o: o[API]["spec"]["strategy"]["rollingUpdate"].update(maxUnavaliable=0), "maxUnavaliable"),
        (API, lambda o: o[API]["spec"].update(minReadySeconds="soon"), "minReadySeconds"),
        (SETTINGS, lambda o: o[SETTINGS].update(kind="ConfigMop"), "has no ConfigMop"),
    ],
    ids=["unknown key", "wrong type", "unknown kind"],
)
def test_a_strict_schema_refuses(found: str, mistake: Callable[[Objects], Any], sentence: str) -> None:
    objects = sample()
    mistake(objects)
    findings = list(builtin_kinds.wrong(production(objects)))
    assert {each.object for each in findings} == {label(objects[found])}
    assert all(sentence in each.sentence for each in findings) and len(findings) == len(builtin_kinds.RELEASES)


@pytest.mark.parametrize(
    ("found", "mistake", "sentence"),
    [
        (MONITOR, lambda o: o[MONITOR]["spec"]["endpoints"][0].update(honourLabels=True), "honourLabels: nobody reads"),
        (MONITOR, lambda o: o[MONITOR]["spec"].pop("selector"), "spec.selector"),
        (CLUSTER, lambda o: o[CLUSTER]["spec"].update(instnces=3), "instnces"),
        (CLUSTER, lambda o: o[CLUSTER]["spec"].update(instances="three"), "spec.instances"),
        (ROUTE, lambda o: o[ROUTE]["spec"]["rules"][0].update(backendRef=[]), "backendRef"),
        (BROKER, lambda o: o[BROKER]["spec"]["persistence"].update(storage="much"), "storage"),
        ("ExternalSecret/lianxin-sla", lambda o: o["ExternalSecret/lianxin-sla"]["spec"]["data"][0].pop("secretKey"),
         "secretKey"),
    ],
)  # fmt: skip
def test_an_operators_kind_is_refused(found: str, mistake: Callable[[Objects], Any], sentence: str) -> None:
    objects = sample()
    mistake(objects)
    findings = list(custom_kinds.wrong(production(objects)))
    assert {each.object for each in findings} == {found}
    assert any(sentence in each.sentence for each in findings), findings
