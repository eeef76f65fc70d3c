"""Every shell script, found by its first line, as shellcheck reads it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from deploy.check import tool
from deploy.check.files import walk
from deploy.check.finding import Finding

FIRST_LINE = re.compile(rb"#!\s*\S*(?:/|/env )(?:ba|da)?sh\b")


def scripts(root: Path) -> Iterator[Path]:
    """Files that begin as a shell script does, those of CI included."""
    for path in (*walk(root), *walk(root / ".ci")):
        with path.open("rb") as file:
            if FIRST_LINE.match(file.readline(80)):
                yield path


def check(root: Path) -> Iterator[Finding]:
    found = list(scripts(root))
    if found:
        done = tool.run("shellcheck", "--format=json", *found)
        for each in json.loads(done.stdout or "[]"):
            file = str(Path(each["file"]).relative_to(root))
            yield Finding(file, f"line {each['line']}", f"SC{each['code']}: {each['message']}")
        if done.stderr:
            yield Finding("", "shellcheck", done.stderr.strip())
