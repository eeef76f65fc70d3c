"""The page of signals says what the code, the rules and the dashboards say, and nothing else."""

import re

from deploy.machine.folder import ROOT
from deploy.signals.uses import RULES, alerts, dashboards, signals, used
from deploy.signals.write import PAGE, page


def test_the_page_is_what_make_signals_writes() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_signal_is_set_somewhere() -> None:
    assert [each.name for each in signals() if not used(each).set_in] == []


def test_no_rule_and_no_dashboard_asks_for_a_signal_that_nobody_sets() -> None:
    known = {each.name for each in signals()}
    assert {who: names - known for who, names in (alerts() | dashboards()).items() if names - known} == {}


def test_alerts_and_dashboards_are_found() -> None:
    assert {"ClocksLate", "OutboxStalled"} <= alerts().keys()
    assert {"lianxin-cases", "lianxin-clocks"} <= dashboards().keys()


def test_an_alert_on_a_reading_has_a_twin_on_its_absence() -> None:
    readings = {each.name for each in signals() if each.kind == "reading"}
    alerted = frozenset[str]().union(*alerts().values()) & readings
    rules = "".join(path.read_text(encoding="utf-8") for path in RULES.glob("*.yaml"))
    lacking = {name for name in alerted if f"absent({name}" not in rules}
    # Fires where a worker answers and shows none: a twin that knows a stopped worker from a stopped loop.
    assert {name for name in lacking if not re.search(rf"unless.*\n?.*{name}", rules)} == set()


def test_a_service_tells_of_its_own_signals_on_its_page() -> None:
    pages = {each.name: ROOT / "services" / each.service / "README.md" for each in signals() if each.service}
    assert [name for name, its in pages.items() if name not in its.read_text(encoding="utf-8")] == []
