"""The Dockerfile as hadolint reads it, and what we ask of an image."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from deploy.check import tool
from deploy.check.files import missing
from deploy.check.finding import Finding

FILE = "deploy/Dockerfile"
WANTED = {
    r"^ARG BASE\b": "takes its base image as an argument, so that it can be built where no registry is",
    r"^ARG SERVICE\b": "takes the service as an argument: one file makes four images",
    r"^USER 10001(:10001)?$": "runs as uid 10001",
    r"^ENTRYPOINT \[": "starts in exec form, so that SIGTERM reaches the process",
    r'^CMD \["api"\]$': "is an api when nothing is said",
    r"^FROM [\s\S]*^FROM ": "has a stage to build and one to run, so that no compiler is shipped",
}


def check(root: Path) -> Iterator[Finding]:
    yield from missing(root, FILE)
    if (root / FILE).exists():
        yield from form((root / FILE).read_text(encoding="utf-8"))
        yield from _hadolint(root)


def form(text: str) -> Iterator[Finding]:
    for pattern, sentence in WANTED.items():
        if not re.search(pattern, text, re.M):
            yield Finding(FILE, "", f"is not an image that {sentence}")


def _hadolint(root: Path) -> Iterator[Finding]:
    done = tool.run("hadolint", "--no-color", "--format", "json", root / FILE)
    for each in json.loads(done.stdout or "[]"):
        yield Finding(FILE, f"line {each['line']}", f"{each['code']}: {each['message']}")
    if done.returncode and not done.stdout:
        yield Finding(FILE, "", tool.complaint(done))
