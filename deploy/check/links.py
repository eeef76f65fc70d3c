"""Every link in every Markdown document leads to a file that is there and, with a `#`, to a heading in it."""

import re
from collections.abc import Iterator
from pathlib import Path

from deploy.check.files import walk
from deploy.check.finding import Finding

LINK = re.compile(r"!?\[(?P<label>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<target>[^)\s]+)\)")
FENCE = re.compile(r"^ *```.*?^ *```", re.M | re.S)
HEADING = re.compile(r"^#{1,6} +(.+?)(?: #+)?$", re.M)


def check(root: Path) -> Iterator[Finding]:
    for document in walk(root, ".md"):
        yield from broken(document, root)


def broken(document: Path, root: Path) -> Iterator[Finding]:
    """Links of one document that lead nowhere; addresses on the network are not asked for."""
    for link in LINK.finditer(FENCE.sub("", document.read_text(encoding="utf-8"))):
        target = link["target"]
        if "://" in target or target.startswith("mailto:"):
            continue
        name, _, anchor = target.partition("#")
        file = document.parent / name if name else document
        if not file.exists():
            yield Finding(str(document.relative_to(root)), "", f"links {target}, which does not exist")
        elif anchor and file.suffix == ".md" and anchor not in set(anchors(file)):
            yield Finding(str(document.relative_to(root)), "", f"links {target}, which has no such heading")


def anchors(document: Path) -> Iterator[str]:
    """What its headings are called in addresses: as GitHub makes them, the second of one name with `-1`."""
    seen: dict[str, int] = {}
    for heading in HEADING.findall(FENCE.sub("", document.read_text(encoding="utf-8"))):
        text = re.sub(r"[`*]|!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        anchor = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        yield f"{anchor}-{seen[anchor]}" if anchor in seen else anchor
        seen[anchor] = seen.get(anchor, 0) + 1
