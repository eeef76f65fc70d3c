"""The dashboards as they are committed: nothing is wrong with them, and every signal is shown somewhere.

What a dashboard must be is in deploy/check/boards.py and board_layout.py, with a planted mistake each in test_ops_check.
"""

import yaml

from deploy.check import boards, queries, signals
from deploy.grafana import questions, write
from deploy.machine.folder import ROOT

GRAFANA = ROOT / "deploy" / "grafana"


def test_nothing_is_wrong_with_them() -> None:
    assert [str(finding) for finding in boards.check(ROOT)] == []


def test_the_same_board_gives_the_same_text() -> None:
    assert write.files() == write.files()


def test_only_what_needs_a_cluster_is_left_out_of_the_proof_and_it_says_so() -> None:
    wrong = [
        str(question)
        for question in questions.questions()
        if bool(question.only_on_kubernetes)
        != any(each.name.startswith(("kube_", "container_")) for each in queries.selected(question.expr))
    ]
    assert wrong == []


def test_every_signal_of_the_catalogue_is_on_a_panel() -> None:
    asked = {each.name for question in questions.questions() for each in queries.selected(question.expr)}
    assert {signal.name for name, signal in signals.ours().items()} - {
        signal.name for name, signal in signals.ours().items() if name in asked
    } == set()


def test_a_query_is_asked_without_a_variable_left_in_it() -> None:
    choices = {board["uid"]: questions.choices(board) for board in questions.dashboards()}
    filled = {
        str(question): question.filled(step=15, scrape=15, window=3600, choices=choices[question.board])
        for question in questions.questions()
    }
    assert {name: text for name, text in filled.items() if "$" in text or not queries.selected(text)} == {}


def test_the_choices_are_offered_in_the_same_order_everywhere() -> None:
    for board in questions.dashboards():
        names = [each["name"] for each in board["templating"]["list"]]
        more = ["service"] if board["uid"] == "lianxin-services" else []
        assert names == ["datasource", "namespace", *more], board["uid"]
        assert board["tags"] == ["lianxin"], board["uid"]


def test_compose_finds_the_dashboards_and_rates_fit_the_scraping() -> None:
    (source,) = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yaml").read_text())["datasources"]
    scraping = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yaml").read_text())["global"]
    assert source["jsonData"]["timeInterval"] == scraping["scrape_interval"]
    (provider,) = yaml.safe_load((GRAFANA / "provisioning/dashboards/lianxin.yaml").read_text())["providers"]
    assert provider["options"]["path"] == "/etc/grafana/dashboards/lianxin"
    compose = yaml.safe_load((ROOT / "deploy/compose.observability.yaml").read_text())["services"]["grafana"]
    assert f"../{boards.FOLDER}:{provider['options']['path']}:ro" in compose["volumes"]
