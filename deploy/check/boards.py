"""The dashboards: as they are generated, and as Grafana's dashboard-linter would want them.

Of its eleven rules two are ours by other names. We select by `namespace`, `service` and `process`, never by `job`, so
template-job and target-job ask for the namespace. No panel is about one instance (what a database says is the same in
each, the rest is summed), so template-instance and target-instance are not asked for.
"""

import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deploy.check import board_layout, queries
from deploy.check.files import missing, walk
from deploy.check.finding import Finding

FOLDER = "k8s/components/dashboards"
UIDS = {f"lianxin-{name}" for name in ("cases", "clocks", "messaging", "services", "notify")}
SOURCE = "${datasource}"
UNITS = {"none", "s", "ops", "reqps", "percentunit", "bytes"}
WITHOUT_UNIT = {"text", "row", "logs", "alertlist", "dashlist", "news"}
GENERATOR = "deploy.grafana.write"
OF_A_NAMESPACE = ("lianxin_", "process_", "kube_")
FIXED_RATE = re.compile(r"\bi?rate\([^[]*\[(?!\$__rate_interval)")
"""`increase` over an hour or a day is a total that is meant; a rate's time follows what is shown."""

Board = dict[str, Any]


def committed(root: Path) -> list[tuple[str, Board]]:
    """Every committed dashboard by its file, relative to the root."""
    return [
        (str(path.relative_to(root)), json.loads(path.read_text(encoding="utf-8")))
        for path in walk(root / FOLDER, ".json")
    ]


def check(root: Path) -> Iterator[Finding]:
    yield from missing(root, FOLDER)
    there = {board["uid"] for _, board in committed(root)}
    yield from (Finding(FOLDER, uid, "is not among the dashboards") for uid in sorted(UIDS - there))
    for file, board in committed(root):
        yield from wrong(file, board)
        yield from (Finding(file, *said) for said in board_layout.wrong(root, board, UIDS))
    yield from drifted(root, generated(root))


def generated(root: Path) -> dict[str, str]:
    """What the generator makes now: text by file, relative to the root."""
    made: dict[Path, str] = importlib.import_module(GENERATOR).files()
    return {f"{FOLDER}/{path.name}": text for path, text in made.items()}


def drifted(root: Path, made: dict[str, str]) -> Iterator[Finding]:
    """Files that are not what their generator makes, or that it does not make."""
    for file, text in made.items():
        path = root / file
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            yield Finding(file, "", "is not what its generator makes now")
    for file, _ in committed(root):
        if file not in made:
            yield Finding(file, "", "is made by no generator")


def wrong(file: str, board: Board) -> Iterator[Finding]:
    variables = {each["name"]: each for each in board.get("templating", {}).get("list", [])}
    if variables.get("datasource", {}).get("type") != "datasource":
        yield Finding(file, board["uid"], "has no variable `datasource` [template-datasource]")
    if "namespace" not in variables:
        yield Finding(file, board["uid"], "has no variable `namespace` [template-job]")
    for name, each in variables.items():
        if each["type"] == "query" and not _valid(_query(each)):
            yield Finding(file, name, f"is no query of labels: {_query(each)} [template-label-promql]")
    yield from (Finding(file, board["uid"], text) for text in _choices(board, set(variables)))
    titles = [each["title"] for each in panels(board)]
    numbers = [each["id"] for each in panels(board)]
    for panel in panels(board):
        yield from (Finding(file, panel.get("title") or f"panel {panel['id']}", text) for text in _panel(panel))
    for title in sorted({each for each in titles if titles.count(each) > 1}):
        yield Finding(file, title, "is the title of two panels")
    for number in sorted({each for each in numbers if numbers.count(each) > 1}):
        yield Finding(file, f"panel {number}", "has the number of another")


def _choices(board: Board, variables: set[str]) -> Iterator[str]:
    """What can be chosen is asked for, and nothing else; its marks are alerts."""
    targets = [target.get("expr", "") for panel in panels(board) for target in panel.get("targets") or []]
    used = set(re.findall(r"\$(\w+)", " ".join(targets))) - {"__rate_interval"}
    if used ^ (variables - {"datasource"}):
        yield f"offers {sorted(variables - {'datasource'})} and asks by {sorted(used)} [variables]"
    for mark in board.get("annotations", {}).get("list", []):
        if [each.name for each in queries.selected(mark["expr"])] != ["ALERTS"]:
            yield f"marks something else than alerts: {mark['expr']}"


def panels(board: Board) -> Iterator[Board]:
    """All of them, those of folded rows included."""
    for panel in board["panels"]:
        yield panel
        yield from panel.get("panels") or []


def _panel(panel: Board) -> Iterator[str]:
    if panel["type"] == "row":
        return
    if not panel.get("title") or not panel.get("description", "").endswith("."):
        yield "has no title or no description that is a sentence [panel-title-description]"
    if panel["type"] not in WITHOUT_UNIT:
        if panel.get("datasource") != {"type": "prometheus", "uid": SOURCE}:
            yield "does not read the chosen data source [panel-datasource]"
        if panel.get("fieldConfig", {}).get("defaults", {}).get("unit") not in UNITS:
            yield f"has no unit of {sorted(UNITS)} [panel-units]"
        if not panel.get("targets"):
            yield "asks nothing"
    targets = panel.get("targets") or []
    if len({target["refId"] for target in targets}) != len(targets):
        yield "has two queries of one name"
    for target in targets:
        yield from _target(target)


def _target(target: Board) -> Iterator[str]:
    text = target.get("expr", "")
    yield from (f"{sentence} [target-promql]" for sentence in queries.unknown(text))
    if FIXED_RATE.search(re.sub(r'"[^"]*"', '""', text)):
        yield f"takes a rate over a fixed time, not $__rate_interval: {text} [target-rate-interval]"
    if (target.get("datasource") or {}).get("uid", SOURCE) != SOURCE:
        yield "asks another data source than the chosen one [panel-datasource]"
    if _valid(text):
        yield from _answered(text, target.get("legendFormat", ""))


def _answered(text: str, legend: str) -> Iterator[str]:
    """Who is asked, and how the answers are told apart."""
    for each in queries.selected(text):
        if each.name.startswith(OF_A_NAMESPACE) and ("namespace", "x") not in each.matched:
            yield f"asks for {each.name} of every namespace [target-job]"
    if not legend:
        yield "has no legend [target-legend]"
    told, named = queries.grouped(text) or queries.carried(text), set(re.findall(r"{{(\w+)}}", legend))
    if told is not None and named - told:
        yield f"has a legend of {sorted(named - told)}, which are not among its labels [target-legend]"


def _query(variable: Board) -> str:
    query = variable.get("query", "")
    return str(query.get("query", "") if isinstance(query, dict) else query)


def _valid(text: str) -> bool:
    """PromQL, or Grafana's `label_values(selector, label)`."""
    inner = re.fullmatch(r"label_values\((?:(.+),\s*)?\w+\)", text)
    if inner and inner[1] is None:
        return True
    try:
        queries.parsed(inner[1] if inner else text)
    except ValueError:
        return False
    return True
