"""Our rules about what is rendered for Kubernetes, each one function; `checklist` says what they cover and what not."""

from collections.abc import Iterator
from pathlib import Path

from deploy.check.finding import Finding
from deploy.check.policies import containers, jobs, network, pods, references, stateful, workloads
from deploy.check.policies.policy import Policy
from deploy.check.rendering import rendered

POLICIES = tuple(
    each
    for module in (pods, containers, workloads, jobs, network, references, stateful)
    for each in vars(module).values()
    if isinstance(each, Policy)
)


def check(root: Path) -> Iterator[Finding]:
    for each in rendered(root):
        for policy in POLICIES:
            yield from policy.findings(each)
