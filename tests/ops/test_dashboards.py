"""The dashboards as they are committed: what is in them, that it can be read, and that every signal is shown somewhere."""

import importlib
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import promql_parser
import pytest
import yaml

from chassis import metrics
from deploy.grafana import board, questions, write
from deploy.grafana.boards import BOARDS
from deploy.grafana.questions import Question
from deploy.machine.folder import ROOT
from services import SERVICES

GRAFANA = ROOT / "deploy" / "grafana"
CARRIED = {"service", "process", "namespace", "job", "instance", "le"}
"""Labels that samples have besides their own: of the process, of the scrape, of a bucket."""
OTHERS = {
    "up": CARRIED,
    "process_cpu_seconds_total": CARRIED,
    "process_resident_memory_bytes": CARRIED,
    "process_start_time_seconds": CARRIED,
    "process_open_fds": CARRIED,
    "process_max_fds": CARRIED,
    "rabbitmq_detailed_queue_messages_ready": {"queue"},
    "rabbitmq_detailed_queue_messages_unacked": {"queue"},
    "rabbitmq_detailed_queue_consumers": {"queue"},
    "kube_pod_container_status_restarts_total": {"namespace", "pod", "container"},
    "kube_pod_container_resource_limits": {"namespace", "pod", "container", "resource"},
    "kube_deployment_spec_replicas": {"namespace", "deployment"},
    "kube_deployment_status_replicas_available": {"namespace", "deployment"},
    "container_memory_working_set_bytes": {"namespace", "pod", "container"},
}
"""What others than our own instruments tell, with the labels that are asked for."""
UNITS = {"none", "s", "ops", "reqps", "percentunit", "bytes"}


def catalogue() -> dict[str, set[str]]:
    """The labels of every series our processes tell, by name."""
    for service in SERVICES:
        importlib.import_module(f"services.{service}.metrics")
    told: dict[str, set[str]] = {}
    for signal in metrics.REGISTRY.catalogue:
        suffixes = ("_bucket", "_sum", "_count") if signal.kind == "histogram" else ("",)
        told |= {signal.name + suffix: {*signal.labels, *CARRIED} for suffix in suffixes}
    return told


def shown(dashboard: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Its panels with a name for the failure."""
    return [(f"{dashboard['uid']} / {panel['title']}", panel) for panel in questions.panels(dashboard)]


PANELS = [each for dashboard in questions.dashboards() for each in shown(dashboard)]
QUESTIONS = questions.questions()
CHOICES = {dashboard["uid"]: questions.choices(dashboard) for dashboard in questions.dashboards()}


def filled(question: Question) -> str:
    return question.filled(step=15, scrape=15, window=3600, choices=CHOICES[question.board])


def nodes(tree: Any) -> Iterator[Any]:
    """A PromQL expression and all in it."""
    yield tree
    for name in ("lhs", "rhs", "expr", "vector_selector"):
        if (inner := getattr(tree, name, None)) is not None:
            yield from nodes(inner)
    for inner in getattr(tree, "args", None) or ():
        yield from nodes(inner)


def selectors(expr: str) -> list[Any]:
    return [each for each in nodes(promql_parser.parse(expr)) if isinstance(each, promql_parser.VectorSelector)]


def grouped(expr: str) -> set[str]:
    aggregates = (each for each in nodes(promql_parser.parse(expr)) if isinstance(each, promql_parser.AggregateExpr))
    return {label for each in aggregates if each.modifier for label in each.modifier.labels}


def test_what_is_committed_is_what_the_boards_say() -> None:
    found = {path: path.read_text(encoding="utf-8") for path in write.FOLDER.glob("*.json")}
    assert found == write.files(), "deploy/grafana/dashboards has drifted: make dashboards"


def test_the_same_board_gives_the_same_text() -> None:
    assert write.files() == write.files()


@pytest.mark.parametrize(("name", "panel"), PANELS, ids=[name for name, _ in PANELS])
def test_a_panel_says_what_it_shows(name: str, panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert panel["description"].endswith("."), "a sentence"
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    assert panel["targets"]
    assert all(target["legendFormat"] for target in panel["targets"])
    assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


@pytest.mark.parametrize(("name", "panel"), PANELS, ids=[name for name, _ in PANELS])
def test_what_a_colour_means_is_said_in_words(name: str, panel: dict[str, Any]) -> None:
    steps = panel["fieldConfig"]["defaults"].get("thresholds", {}).get("steps", [])
    colours = {step["color"] for step in steps}
    mapped = [
        each["options"] for each in panel["fieldConfig"]["defaults"].get("mappings", []) if each["type"] == "value"
    ]
    colours |= {result["color"] for options in mapped for result in options.values()} if mapped else set()
    said = panel["description"]
    assert not mapped or [result["text"] for result in mapped[0].values()] == ["ok", "look", "act"]
    if steps:
        assert ("yellow" in colours) == ("Yellow, look: above" in said)
        assert ("red" in colours) == ("Red, act: above" in said)


def test_titles_and_numbers_are_their_own() -> None:
    for dashboard in questions.dashboards():
        titles = [panel["title"] for panel in dashboard["panels"]]
        assert len(set(titles)) == len(titles), dashboard["uid"]
        assert len({panel["id"] for panel in dashboard["panels"]}) == len(titles)


@pytest.mark.parametrize("dashboard", questions.dashboards(), ids=lambda each: each["uid"])
def test_panels_fill_the_grid_and_none_lies_on_another(dashboard: dict[str, Any]) -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in taken, f"{panel['title']} lies on {taken[x, y]}"
                taken[x, y] = panel["title"]
    height = 1 + max(y for _, y in taken)
    assert set(taken) == {(x, y) for x in range(board.COLUMNS) for y in range(height)}, "there are gaps"


@pytest.mark.parametrize("dashboard", questions.dashboards(), ids=lambda each: each["uid"])
def test_a_dashboard_begins_with_verdicts_and_every_row_is_a_question_or_a_place(dashboard: dict[str, Any]) -> None:
    first, *rest = dashboard["panels"]
    assert first["type"] == "row"
    assert first["title"].endswith("?")
    assert rest[0]["type"] == "stat"
    for row, after in pairwise(dashboard["panels"]):
        assert not (row["type"] == after["type"] == "row"), f"{row['title']} is empty"


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_a_query_is_promql_about_series_that_somebody_tells(question: Question) -> None:
    expr = filled(question)
    told = catalogue() | OTHERS
    labels: set[str] = set()
    assert selectors(expr)
    for selector in selectors(expr):
        assert selector.name in told, f"nobody tells {selector.name}"
        labels |= told[selector.name]
        asked = {matcher.name for matcher in selector.matchers.matchers}
        assert asked <= told[selector.name], f"{selector.name} has no {asked - told[selector.name]}"
    assert grouped(expr) <= labels
    assert set(re.findall(r"{{(\w+)}}", _legend(question))) <= (grouped(expr) or labels)


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_a_query_asks_only_for_values_a_label_takes(question: Question) -> None:
    catalogue()
    taken = {signal.name: signal.labels for signal in metrics.REGISTRY.catalogue}
    for selector in selectors(filled(question)):
        name = re.sub(r"_(bucket|sum|count)$", "", selector.name)
        for matcher in selector.matchers.matchers:
            values = taken.get(name, {}).get(matcher.name, matcher.value)
            assert isinstance(values, str) or matcher.value in values, f"{name} has no {matcher.name} {matcher.value}"


def _legend(question: Question) -> str:
    dashboard = next(each for each in questions.dashboards() if each["uid"] == question.board)
    panel = next(each for each in questions.panels(dashboard) if each["title"] == question.panel)
    return str(next(target["legendFormat"] for target in panel["targets"] if target["refId"] == question.ref))


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_a_rate_is_over_grafanas_rate_interval_and_our_series_are_of_the_chosen_namespace(question: Question) -> None:
    assert all(window == "$__rate_interval" for window in re.findall(r"\brate\(\w+{[^}]*}\[(.*?)\]", question.expr))
    for found in re.findall(r"(lianxin_\w+|process_\w+|kube_\w+)\{([^}]*)\}", question.expr):
        assert found[1].startswith('namespace=~"$namespace"'), found


def test_only_what_needs_a_cluster_is_left_out_of_the_proof_and_it_says_so() -> None:
    for question in QUESTIONS:
        names = {selector.name for selector in selectors(filled(question))}
        elsewhere = all(not name.startswith(("kube_", "container_")) for name in names)
        assert elsewhere == (not question.only_on_kubernetes), str(question)


def test_every_signal_of_the_catalogue_is_on_a_panel() -> None:
    asked = {selector.name for question in QUESTIONS for selector in selectors(filled(question))}
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked} | asked
    assert {signal.name for signal in metrics.REGISTRY.catalogue} - families == set()


def links() -> Iterator[tuple[str, str]]:
    """Where from and where to, of every link."""
    for dashboard in questions.dashboards():
        yield from ((dashboard["uid"], link["url"]) for link in dashboard["links"] if link["type"] == "link")
        for name, panel in shown(dashboard):
            yield from ((name, link["url"]) for link in panel["links"])


def test_every_link_leads_somewhere() -> None:
    uids = {each.uid for each in BOARDS}
    for where, url in links():
        if url.startswith("/d/"):
            assert url.removeprefix("/d/") in uids, where
        elif url.startswith(board.RUNBOOKS):
            assert (ROOT / "docs" / "runbooks" / url.removeprefix(f"{board.RUNBOOKS}/")).is_file(), (where, url)
        else:
            assert re.fullmatch(r"https://grafana\.com/grafana/dashboards/(10991|11340|20417|9628)", url), (where, url)


@pytest.mark.parametrize("dashboard", questions.dashboards(), ids=lambda each: each["uid"])
def test_a_dashboard_knows_its_sisters_its_choices_and_the_alerts(dashboard: dict[str, Any]) -> None:
    assert dashboard["links"][0]["type"] == "dashboards"
    assert dashboard["links"][0]["tags"] == dashboard["tags"] == ["lianxin"]
    names = [each["name"] for each in dashboard["templating"]["list"]]
    assert names == ["datasource", "namespace", *(["service"] if dashboard["uid"] == "lianxin-services" else [])]
    used = set(re.findall(r"\$(\w+)", " ".join(q.expr for q in QUESTIONS if q.board == dashboard["uid"])))
    assert used <= {*names, "__rate_interval"}
    assert set(names) - {"datasource"} <= used
    for expr in questions.annotations(dashboard):
        assert [each.name for each in selectors(expr)] == ["ALERTS"]


def test_compose_finds_the_dashboards_and_rates_fit_the_scraping() -> None:
    (source,) = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yaml").read_text())["datasources"]
    scraping = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yaml").read_text())["global"]
    assert source["jsonData"]["timeInterval"] == scraping["scrape_interval"]
    (provider,) = yaml.safe_load((GRAFANA / "provisioning/dashboards/lianxin.yaml").read_text())["providers"]
    assert provider["options"]["path"] == "/etc/grafana/dashboards/lianxin"
