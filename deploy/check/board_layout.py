"""How a dashboard is laid out and worded: the grid, the rows, what a colour means, where links lead."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from deploy.grafana.board import COLUMNS, RUNBOOKS

Board = dict[str, Any]
Said = Iterator[tuple[str, str]]
"""(panel's title or the dashboard's uid, what is wrong)."""
PUBLISHED = re.compile(r"https://grafana\.com/grafana/dashboards/(10991|11340|20417|9628)")


def wrong(root: Path, board: Board, uids: set[str]) -> Said:
    """Everything this module knows; `uids` are the dashboards a link may lead to."""
    yield from grid(board)
    yield from rows(board)
    for panel in board["panels"]:
        if panel["type"] != "row":
            yield from ((panel["title"], text) for text in colours(panel))
    yield from links(root, board, uids)


def grid(board: Board) -> Said:
    """Panels fill the grid, and none lies on another."""
    taken: dict[tuple[int, int], str] = {}
    for panel in board["panels"]:
        for place in _places(panel["gridPos"]):
            if place in taken:
                yield panel["title"], f"lies on {taken[place]}"
                break
            taken[place] = panel["title"]
    height = 1 + max((y for _, y in taken), default=-1)
    if gaps := COLUMNS * height - len(taken):
        yield board["uid"], f"leaves {gaps} places of the grid empty"


def _places(at: dict[str, int]) -> Iterator[tuple[int, int]]:
    yield from ((x, y) for y in range(at["y"], at["y"] + at["h"]) for x in range(at["x"], at["x"] + at["w"]))


def rows(board: Board) -> Said:
    """It begins with verdicts under a question, and no row is empty."""
    first = board["panels"][:2]
    if [each["type"] for each in first] != ["row", "stat"] or not first[0]["title"].endswith("?"):
        yield board["uid"], "does not begin with a question and its verdict"
    for row, after in pairwise(board["panels"]):
        if row["type"] == after["type"] == "row":
            yield row["title"], "is an empty row"


def colours(panel: Board) -> Iterator[str]:
    """What a colour means is said in words."""
    defaults = panel["fieldConfig"]["defaults"]
    steps = defaults.get("thresholds", {}).get("steps", [])
    mapped = [each["options"].values() for each in defaults.get("mappings", []) if each["type"] == "value"]
    used = {each["color"] for each in [*steps, *(result for results in mapped for result in results)]}
    if mapped and [result["text"] for result in mapped[0]] != ["ok", "look", "act"]:
        yield "maps values to other words than ok, look, act"
    for colour, words in (("yellow", "Yellow, look: above"), ("red", "Red, act: above")):
        if steps and (colour in used) != (words in panel.get("description", "")):
            yield f"is {colour} and does not say when, or says so and never is"


def links(root: Path, board: Board, uids: set[str]) -> Said:
    """Every link leads to a dashboard, a runbook or one of the published dashboards we name."""
    if [each["type"] for each in board["links"][:1]] != ["dashboards"] or board["links"][0]["tags"] != board["tags"]:
        yield board["uid"], "does not begin its links with its sisters"
    told = [(board["uid"], link["url"]) for link in board["links"] if link["type"] == "link"]
    told += [(panel["title"], link["url"]) for panel in board["panels"] for link in panel.get("links") or []]
    for where, url in told:
        if not _leads(root, url, uids):
            yield where, f"links {url}, which leads nowhere we know"


def _leads(root: Path, url: str, uids: set[str]) -> bool:
    if url.startswith("/d/"):
        return url.removeprefix("/d/") in uids
    if url.startswith(f"{RUNBOOKS}/"):
        return (root / "docs" / "runbooks" / url.removeprefix(f"{RUNBOOKS}/")).is_file()
    return PUBLISHED.fullmatch(url) is not None
