"""Where the links of alerts lead: the rules name two placeholders, and this puts real addresses in their place.

`python -m deploy.prometheus.links OUT --runbooks URL --dashboards URL` writes the rules with your addresses.
"""

import argparse
import sys
from pathlib import Path

from deploy.machine.folder import ROOT

RULES = ROOT / "deploy" / "prometheus" / "rules"
RUNBOOKS = "https://runbooks.lianxin.example"
DASHBOARDS = "https://grafana.lianxin.example/d"
"""The placeholders in rules/*.yaml, the only place besides where they are written."""


def linked(text: str, runbooks: str = RUNBOOKS, dashboards: str = DASHBOARDS) -> str:
    """A rule file's text with its links under the given addresses, given without a slash at the end."""
    return text.replace(f"{RUNBOOKS}/", f"{runbooks}/").replace(f"{DASHBOARDS}/", f"{dashboards}/")


def write(folder: Path, runbooks: str = RUNBOOKS, dashboards: str = DASHBOARDS) -> list[Path]:
    """All rule files with their links set, in `folder`; the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for source in sorted(RULES.glob("*.yaml")):
        written.append(folder / source.name)
        written[-1].write_text(linked(source.read_text(encoding="utf-8"), runbooks, dashboards), encoding="utf-8")
    return written


def main() -> int:
    """Writes the rules as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m deploy.prometheus.links", description=__doc__)
    parser.add_argument("out", type=Path, help="folder for the rules with their links set")
    parser.add_argument("--runbooks", default=RUNBOOKS, help="where docs/runbooks is published")
    parser.add_argument("--dashboards", default=DASHBOARDS, help="Grafana's address with /d")
    asked = parser.parse_args()
    print("\n".join(map(str, write(asked.out, asked.runbooks.rstrip("/"), asked.dashboards.rstrip("/")))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
