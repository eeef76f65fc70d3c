"""Every overlay and every combination of components, rendered once; and nothing under k8s/ that no rendering reads."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from threading import Lock

import yaml

from deploy.check import tool
from deploy.check.files import missing, walk
from deploy.check.finding import Finding
from deploy.check.objects import Object, Pod, pods

RENDERING = Lock()
FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
OVERLAYS = ("k8s/overlays/dev", "k8s/overlays/staging", "k8s/overlays/production")


@dataclass(frozen=True)
class Rendered:
    """What one kustomization makes: its folder below the root, and the objects."""

    name: str
    objects: tuple[Object, ...]

    @cached_property
    def pods(self) -> tuple[Pod, ...]:
        return tuple(pods(self.objects))

    @property
    def overlay(self) -> str:
        """`production`; nothing for a combination of k8s/tests; `cluster` for what a cluster's administrators own."""
        parts = Path(self.name).parts
        return {"overlays": parts[-1], "cluster": "cluster"}.get(parts[1], "")


def targets(root: Path) -> Iterator[Path]:
    """Folders that must render: overlays and tests; components do so only in one of these."""
    for top in ("k8s/overlays", "k8s/tests", "k8s/cluster"):
        for path in walk(root / top, ".yaml"):
            if path.name == "kustomization.yaml" and "kind: Component" not in path.read_text(encoding="utf-8"):
                yield path.parent


@cache
def _kustomized(folder: Path) -> tuple[str, str]:
    done = tool.run("kubectl", "kustomize", folder)
    return (done.stdout, "") if done.returncode == 0 else ("", tool.complaint(done))


def rendered(root: Path) -> tuple[Rendered, ...]:
    """What renders, in order of name."""
    with RENDERING:  # two checks that ask at once wait for one rendering
        return _rendered(root)


@cache
def _rendered(root: Path) -> tuple[Rendered, ...]:
    made = []
    for folder in targets(root):
        text, _ = _kustomized(folder)
        if objects := tuple(each for each in yaml.load_all(text, FAST) if each):
            made.append(Rendered(str(folder.relative_to(root)), objects))
    return tuple(made)


def check(root: Path) -> Iterator[Finding]:
    """Every target renders to something, and every file and component is part of one."""
    rendered(root)  # once, whoever asks first
    yield from missing(root, *OVERLAYS, "k8s/tests")
    for folder in targets(root):
        text, trouble = _kustomized(folder)
        if trouble or not text.strip():
            yield Finding(str(folder.relative_to(root)), "", trouble or "renders to nothing")
    yield from _unread(root)


def _unread(root: Path) -> Iterator[Finding]:
    """Files and components that no kustomization names: kustomize passes over them in silence."""
    named = {path.resolve() for path in _named(root)}
    for path in walk(root / "k8s", ".yaml", ".json"):
        if path.name == "kustomization.yaml":
            is_component = path.parent.parent == root / "k8s" / "components"
            if is_component and path.parent.resolve() not in named:
                yield Finding(str(path.relative_to(root)), "", "is a component that no overlay and no test renders")
        elif path.resolve() not in named:
            yield Finding(str(path.relative_to(root)), "", "is named by no kustomization.yaml, so nothing applies it")


def _named(root: Path) -> Iterator[Path]:
    for path in walk(root / "k8s", ".yaml"):
        if path.name == "kustomization.yaml":
            said = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
            yield from (path.parent / text for text in _texts(said))


def _texts(value: object) -> Iterator[str]:
    """Every string in it, and what stands behind `name=`: generators take `key=file`."""
    if isinstance(value, str):
        yield from (part for part in (value, value.partition("=")[2]) if part and "\n" not in part and len(part) < 200)
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
