"""Alerts are proved in all three ways, and who is told of what is seen on a real Alertmanager."""

import http.client
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.check.rules import alerts
from deploy.machine import ports
from deploy.machine.folder import ROOT, Folder
from deploy.observe.monitoring import USUAL, Monitoring
from deploy.prometheus import links

ALERTS = {each.name: each for each in alerts(ROOT)}
TESTS = [
    test
    for path in sorted((ROOT / "deploy" / "prometheus" / "tests").glob("*.yaml"))
    for test in yaml.safe_load(path.read_text())["tests"]
]


def story(test: dict[str, Any]) -> list[bool]:
    """Whether it fires, at each moment that the test looks at."""
    return [bool(each["exp_alerts"]) for each in test["alert_rule_test"]]


@pytest.mark.parametrize("name", sorted(ALERTS.keys() - {"Watchdog"}))
def test_an_alert_does_not_fire_yet_fires_and_is_over(name: str) -> None:
    stories = [story(test) for test in TESTS if test["alert_rule_test"][0]["alertname"] == name]
    # Further stories of an alert may be about one moment only.
    assert any(not told[0] and True in told and not told[-1] for told in stories)


def test_every_expected_alert_is_compared_with_all_its_words() -> None:
    words = {"summary", "description", "runbook_url", "dashboard_url"}
    told = [one for test in TESTS for each in test["alert_rule_test"] for one in each["exp_alerts"]]
    assert [one for one in told if set(one.get("exp_annotations", {})) != words] == []


def test_links_lead_where_the_operator_says(tmp_path: Path) -> None:
    written = links.write(tmp_path, "https://wiki.town/lianxin", "https://eyes.town/d")
    assert [
        path for path in written if links.RUNBOOKS in path.read_text() or links.DASHBOARDS in path.read_text()
    ] == []
    text = (tmp_path / "events.yaml").read_text()
    assert "runbook_url: https://wiki.town/lianxin/outbox-stalled.md" in text
    assert "dashboard_url: https://eyes.town/d/lianxin-messaging" in text


@pytest.fixture(scope="module")
def monitoring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Monitoring]:
    """A real Alertmanager with our routes, every receiver being one of our own."""
    made = Monitoring(Folder(tmp_path_factory.mktemp("alerts")), {name: ports.free_port() for name in USUAL})
    try:
        made.start()
        yield made
    finally:
        made.stop()


def raise_alerts(monitoring: Monitoring, *labels: dict[str, str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", monitoring.ports["alertmanager"], timeout=10)
    body = json.dumps([{"labels": severe(each), "annotations": {"summary": "a test"}} for each in labels])
    connection.request("POST", "/api/v2/alerts", body, {"Content-Type": "application/json"})
    assert connection.getresponse().status == 200
    connection.close()


def severe(labels: dict[str, str]) -> dict[str, str]:
    severity = ALERTS[labels["alertname"]].rule["labels"]["severity"]
    return labels | {"severity": severity, "test": "yes"}


def states(monitoring: Monitoring) -> dict[tuple[str, str], str]:
    """`active` or `suppressed`, by alert and service or queue, of what the tests raised."""
    mine = [(each["labels"], each["status"]["state"]) for each in monitoring.alerts()]
    return {
        (labels["alertname"], labels.get("service") or labels.get("queue", "")): state
        for labels, state in mine
        if labels.get("test")
    }


def until(fact: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, "the deadline has passed"
        time.sleep(0.2)


@pytest.mark.long
@pytest.mark.timeout(240)
def test_a_cause_silences_its_consequences_and_nothing_else(monitoring: Monitoring) -> None:
    expected = {
        ("DatabaseAway", "notify"): "active",
        ("OutboxStalled", "notify"): "suppressed",
        ("HttpErrorBudgetBurnsFast", "notify"): "suppressed",
        ("OutboxStalled", "intake"): "active",
        ("ProcessMissing", "sla"): "active",
        ("SignalMissing", "sla"): "suppressed",
        ("ProcessDown", "sla"): "suppressed",
        ("QueueWithoutConsumer", "sla.inbox"): "suppressed",
        ("QueueWithoutConsumer", "dispatch.inbox"): "active",
        ("EventsParked", "dispatch"): "active",
        ("EventsAside", "dispatch"): "suppressed",
    }
    process = {"ProcessMissing": {"process": "worker"}, "SignalMissing": {"process": "worker"}}
    wanted = [
        {"alertname": name, "queue" if where.endswith(".inbox") else "service": where} | process.get(name, {})
        for name, where in expected
    ]
    raise_alerts(monitoring, *wanted)
    until(lambda: states(monitoring) == expected, 90)
    raise_alerts(monitoring, {"alertname": "BrokerDown"}, {"alertname": "ClocksLate", "service": "sla"})
    until(lambda: states(monitoring).get(("ClocksLate", "sla")) == "suppressed", 60)
    assert states(monitoring)["EventsParked", "dispatch"] == "active"


@pytest.mark.long
@pytest.mark.timeout(240)
def test_a_page_reaches_the_pager_a_ticket_the_mailbox_and_the_watchdog_its_own(monitoring: Monitoring) -> None:
    raise_alerts(
        monitoring,
        {"alertname": "RelayStopped", "service": "dispatch"},
        {"alertname": "MediaStuck", "kind": "photo"},
        {"alertname": "Watchdog"},
    )

    def told(receiver: str) -> set[str]:
        return {
            each["labels"]["alertname"] for sent in monitoring.receiver.arrived[receiver] for each in sent["alerts"]
        }

    for receiver, name in (("page", "RelayStopped"), ("ticket", "MediaStuck"), ("watchdog", "Watchdog")):
        until(lambda receiver=receiver, name=name: name in told(receiver), 90)  # type: ignore[misc]
    assert {ALERTS[name].rule["labels"]["severity"] for name in told("page")} == {"page"}
    assert {ALERTS[name].rule["labels"]["severity"] for name in told("ticket")} == {"ticket"}
    assert told("watchdog") == {"Watchdog"}
    assert "Watchdog" not in told("ticket")
