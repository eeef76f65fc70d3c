"""What the committed dashboards ask, with their variables filled in as Grafana fills them in."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deploy.grafana.boards import BOARDS
from deploy.machine.folder import ROOT

FOLDER = ROOT / "k8s" / "components" / "dashboards"
LABEL_VALUES = re.compile(r"label_values\((\w+), (\w+)\)")


@dataclass(frozen=True, slots=True)
class Question:
    """One query of one panel as it is committed; `only_on_kubernetes` says why it has no answer elsewhere."""

    board: str
    panel: str
    ref: str
    expr: str
    instant: bool
    only_on_kubernetes: str

    def __str__(self) -> str:
        return f"{self.board} / {self.panel} / {self.ref}"

    def filled(self, step: int, scrape: int, window: int, choices: Mapping[str, str]) -> str:
        """PromQL without variables. `step`: between two points; `window`: what the dashboard shows (all in seconds)."""
        known = {
            "__rate_interval": f"{max(step + scrape, 4 * scrape)}s",
            "__interval": f"{step}s",
            "__range": f"{window}s",
            **choices,
        }
        return re.sub(r"\$(\w+)", lambda found: known[found[1]], self.expr)


def dashboards() -> list[dict[str, Any]]:
    """The committed dashboards."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))]


def questions() -> list[Question]:
    """Every query of every panel."""
    reasons = {(b.uid, panel.title): panel.only_on_kubernetes for b in BOARDS for panel in b.panels}
    return [
        Question(
            board["uid"],
            panel["title"],
            target["refId"],
            target["expr"],
            bool(target.get("instant")),
            reasons[board["uid"], panel["title"]],
        )
        for board in dashboards()
        for panel in panels(board)
        for target in panel["targets"]
    ]


def panels(board: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The panels of a dashboard, rows left out."""
    return (panel for panel in board["panels"] if panel["type"] != "row")


def choices(board: Mapping[str, Any]) -> dict[str, str]:
    """What each variable of a dashboard stands for when all of it is chosen, as it is at first."""
    return {each["name"]: each["allValue"] for each in board["templating"]["list"] if each["type"] == "query"}


def variables(board: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """The variables a dashboard fills from its data source: (name, metric, label)."""
    asked = ((each["name"], each["query"]) for each in board["templating"]["list"] if each["type"] == "query")
    return [(name, *found.groups()) for name, query in asked if (found := LABEL_VALUES.fullmatch(query))]


def annotations(board: Mapping[str, Any]) -> list[str]:
    """What a dashboard asks for its marks."""
    return [each["expr"] for each in board["annotations"]["list"]]
