"""Kubernetes' own kinds against its published schemas, unknown keys refused, for the oldest and the newest release."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import kubernetes_validate
from kubernetes_validate import SchemaNotFoundError, ValidationError

from deploy.check import custom_kinds
from deploy.check.finding import Finding
from deploy.check.objects import label
from deploy.check.rendering import Rendered, rendered

RELEASES = ("1.32", "1.37")
"""What k8s/README.md asks of a cluster, and the newest that the pinned kubernetes-validate knows."""


def check(root: Path) -> Iterator[Finding]:
    for each in rendered(root):
        yield from wrong(each)


def wrong(given: Rendered) -> Iterator[Finding]:
    """Objects that a strict API server would refuse; a kind without schema is one, unless the next check knows it."""
    for each in given.objects:
        if not custom_kinds.knows(each):
            for release in RELEASES:
                if text := _refused(json.dumps(each), release):
                    yield Finding(given.name, label(each), text)


@cache  # most renderings hold the same objects
def _refused(written: str, release: str) -> str:
    each = json.loads(written)
    try:
        kubernetes_validate.validate(each, release, strict=True)
    except ValidationError as refused:
        place = ".".join(str(part) for part in refused.absolute_path)
        return f"Kubernetes {release}: {place}: {refused.message}"
    except SchemaNotFoundError:
        return f"Kubernetes {release} has no {each['kind']} of {each['apiVersion']}, and deploy/check/kinds neither"
    return ""
