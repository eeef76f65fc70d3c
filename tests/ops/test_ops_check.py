"""`make ops-check` finds a mistake planted in each thing it looks at, and says loudly what it could not look at."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.check import (
    __main__ as command,
)
from deploy.check import (
    board_layout,
    boards,
    compose,
    dockerfile,
    exposition,
    generated,
    links,
    queries,
    rendering,
    routes,
    rules,
    runbooks,
    scripts,
    signals,
    table,
    tool,
    yaml_form,
)
from deploy.check.finding import Check, Finding
from deploy.grafana.board import RUNBOOKS
from deploy.kubernetes import rules as kubernetes_rules
from deploy.machine.folder import ROOT


def put(root: Path, name: str, text: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def said(findings: Any) -> list[str]:
    return [str(each) for each in findings]


def unfound(
    mistakes: list[tuple[str, Callable[[Any], Any]]], whole: Any, look: Callable[[Any], list[str]]
) -> list[str]:
    """Planted mistakes of which not exactly one finding tells, in the words that are expected."""
    wrong = []
    for number, (expected, mistake) in enumerate(mistakes):
        changed = json.loads(json.dumps(whole))
        mistake(changed)
        found = look(changed)
        if len(found) != 1 or expected not in found[0]:
            wrong.append(f"{number}: expected {expected!r}, found {found}")
    return wrong


# The command.
def test_a_finding_makes_the_command_fail_and_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    twice = Check("twice", "nothing", lambda _: iter([Finding("a.yaml", "x", "is wrong")] * 2))
    outcome = command.look(twice, ROOT)
    command.tell(outcome)
    assert outcome.findings == (Finding("a.yaml", "x", "is wrong"),)
    assert capsys.readouterr().out.count("a.yaml: x: is wrong") == 1


def test_an_absent_tool_of_the_distribution_is_said_loudly_and_is_a_failure_only_in_ci(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tool, "DISTRIBUTION", {"no-such-tool"})
    monkeypatch.setattr(command, "CHECKS", (Check("absent", "nothing", lambda _: iter([tool.find("no-such-tool")])),))
    monkeypatch.delenv("CI", raising=False)
    assert command.main([]) == 0
    told = capsys.readouterr().out
    assert "SKIPPED absent: no-such-tool is not on this machine" in told
    assert "NOT CHECKED on this machine: absent" in told
    monkeypatch.setenv("CI", "true")
    assert command.main([]) == 1


def test_an_absent_tool_that_is_locked_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "CHECKS", (Check("render", "nothing", lambda _: iter([tool.find("kubectI")])),))
    assert command.main([]) == 1
    assert "could not look: FileNotFoundError: kubectI is not in" in capsys.readouterr().out


def test_a_check_that_breaks_is_a_finding_and_the_others_still_look(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def breaks(root: Path) -> Any:
        raise ValueError("nobody can read this")

    monkeypatch.setattr(
        command, "CHECKS", (Check("breaks", "nothing", breaks), Check("good", "nothing", lambda _: iter(())))
    )
    assert command.main([]) == 1
    told = capsys.readouterr().out
    assert "could not look: ValueError: nobody can read this" in told and "ok  good" in told


def test_every_check_has_a_name_of_its_own_and_a_planted_mistake() -> None:
    names = [each.name for each in table.CHECKS]
    assert len(set(names)) == len(names)
    elsewhere = {"kinds", "custom-kinds", "policies"}  # test_ops_check_policies.py
    assert set(names) - elsewhere == {name.removeprefix("check_").replace("_", "-") for name in PLANTED}


PLANTED: dict[str, Callable[[Path], tuple[list[str], str]]] = {}


def planted(plant: Callable[[Path], tuple[list[str], str]]) -> Callable[[Path], tuple[list[str], str]]:
    """One function a check of the table: plants, looks, and gives what was found and what it must say."""
    PLANTED[plant.__name__] = plant
    return plant


def test_each_check_finds_what_was_planted_and_nothing_else(tmp_path: Path) -> None:
    told = {name: plant(tmp_path / name) for name, plant in PLANTED.items()}
    wrong = {name: found for name, (found, expected) in told.items() if len(found) != 1 or expected not in found[0]}
    assert wrong == {}


@planted
def check_yaml(root: Path) -> tuple[list[str], str]:
    put(root, "good.yaml", "a: 1\nb: [1, 2]\n")
    put(root, "deploy/twice.yaml", "a: 1\na: 2\n")
    return said(yaml_form.check(root)), 'deploy/twice.yaml: line 2: duplication of key "a"'


@planted
def check_scripts(root: Path) -> tuple[list[str], str]:
    put(root, "deploy/without-suffix", "#!/bin/sh\nrm -rf $1/x\n")
    put(root, "deploy/good", '#!/usr/bin/env bash\nrm -rf "$1/x"\n')
    put(root, "deploy/no-script", "rm -rf $1\n")
    return said(scripts.check(root)), "deploy/without-suffix: line 2: SC2086"


@planted
def check_dockerfile(root: Path) -> tuple[list[str], str]:
    whole = (ROOT / dockerfile.FILE).read_text(encoding="utf-8")
    put(root, dockerfile.FILE, whole + "\nRUN cd /tmp || exit 1\n")
    return said(dockerfile.check(root)), "DL3003"


@planted
def check_render(root: Path) -> tuple[list[str], str]:
    for overlay in rendering.OVERLAYS:
        put(root, f"{overlay}/kustomization.yaml", "kind: Kustomization\nresources: [../../base]\n")
    put(root, "k8s/tests/all/kustomization.yaml", "kind: Kustomization\nresources: [../../overlays/dev]\n")
    put(root, "k8s/base/kustomization.yaml", "kind: Kustomization\nresources: [map.yaml]\n")
    put(root, "k8s/base/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
    put(root, "k8s/base/forgotten.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n")
    return said(rendering.check(root)), "k8s/base/forgotten.yaml: is named by no kustomization.yaml"


@planted
def check_generated(root: Path) -> tuple[list[str], str]:
    shutil.copytree(ROOT / "deploy/prometheus/rules", root / "deploy/prometheus/rules")
    put(root, "k8s/components/monitoring/rules.yaml", kubernetes_rules.generated(root))
    assert said(generated.check(root)) == []
    rule = root / "deploy/prometheus/rules/watch.yaml"
    rule.write_text(rule.read_text(encoding="utf-8").replace("severity:", "severity: changed-"), encoding="utf-8")
    return said(generated.check(root)), "k8s/components/monitoring/rules.yaml: is not what its source says"


@planted
def check_metrics(root: Path) -> tuple[list[str], str]:
    text = "\n".join(signals.exposition()) + "\n# HELP lianxin_seen Seen\n# TYPE lianxin_seen counter\nlianxin_seen 1\n"
    return said(exposition.wrong(text)), 'lianxin_seen: counter metrics should have "_total" suffix'


@planted
def check_links(root: Path) -> tuple[list[str], str]:
    put(
        root, "README.md", "# A\n[b](docs/b.md#one-two) [web](https://x.example/) [gone](docs/c.md)\n```\n[x](y)\n```\n"
    )
    put(root, "docs/b.md", "## One, two\n")
    return said(links.check(root)), "README.md: links docs/c.md, which does not exist"


@planted
def check_compose(root: Path) -> tuple[list[str], str]:
    put(root, compose.FILES[0], COMPOSE)
    put(root, compose.FILES[1], COMPOSE.replace("command: [api]", "command: [api]\n    restrat: always"))
    return said(compose.check(root)), "restrat"


@planted
def check_rules(root: Path) -> tuple[list[str], str]:
    watched(root)
    put(root, f"{rules.FOLDER}/tests/events.yaml", RULE_TEST.replace("'5'", "'500'"))
    return said(rules.check(root)), "promtool test rules"


@planted
def check_routes(root: Path) -> tuple[list[str], str]:
    watched(root)
    put(root, routes.CONFIG, ROUTES.replace("severity = page", "severity = pager"))
    return said(routes.check(root)), "OutboxStalled: of severity page reaches ticket, not page"


@planted
def check_runbooks(root: Path) -> tuple[list[str], str]:
    watched(root)
    (root / runbooks.FOLDER / "outbox-stalled.md").unlink()
    return said(runbooks.check(root)), "OutboxStalled: has no runbook docs/runbooks/outbox-stalled.md"


@planted
def check_dashboards(root: Path) -> tuple[list[str], str]:
    for folder in (boards.FOLDER, runbooks.FOLDER):
        shutil.copytree(ROOT / folder, root / folder)
    file = root / boards.FOLDER / "lianxin-clocks.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"refresh": "30s"', '"refresh": "5s"'), encoding="utf-8")
    return said(boards.check(root)), "lianxin-clocks.json: is not what its generator makes now"


# More of each kind.
COMPOSE = """
services:
  sla-migrate: &bounds
    image: lianxin-sla:1.2.3
    command: [migrate]
    restart: on-failure
    read_only: true
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    mem_limit: 256m
    logging: {options: {max-size: 20m}}
    environment: {DATABASE_URL_FILE: /run/secrets/lianxin/database-url}
    secrets: [{source: sla, target: /run/secrets/lianxin/database-url}]
  sla-api:
    <<: *bounds
    command: [api]
    ports: ["127.0.0.1:8000:8000"]
    healthcheck: {test: [CMD, "true"]}
    depends_on: {sla-migrate: {condition: service_completed_successfully}}
secrets: {sla: {file: ./secrets/sla}}
"""
Compose = dict[str, Any]
COMPOSE_MISTAKES: list[tuple[str, Callable[[Compose], Any]]] = [
    ("ports_stay_on_this_machine", lambda s: s.update(ports=["8000:8000"])),
    ("tells_how_it_is", lambda s: s.pop("healthcheck")),
    ("waits_for_the_fact", lambda s: s.update(depends_on=["sla-migrate"])),
    ("cannot_change_itself", lambda s: s.pop("read_only")),
    ("has_no_rights", lambda s: s.pop("cap_drop")),
    ("has_no_rights", lambda s: s.update(cap_add=["NET_ADMIN"])),
    ("has_no_rights", lambda s: s.update(security_opt=[])),
    ("has_no_rights", lambda s: s.update(privileged=True)),
    ("has_no_rights", lambda s: s.update(volumes=["/var/run/docker.sock:/var/run/docker.sock"])),
    ("no_secret_in_environment", lambda s: s["environment"].update(PAGE_KEY="x" * 24)),
    ("no_secret_in_environment", lambda s: s["environment"].update(JWKS="https://u:p@issuer.example")),
    ("is_bounded", lambda s: s.pop("mem_limit")),
    ("is_bounded", lambda s: s.pop("logging")),
    ("has_a_version", lambda s: s.update(image="nginx")),
    ("has_a_version", lambda s: s.update(image="nginx:stable")),
    ("is_told_what_it_knows", lambda s: s["environment"].update(LOGLEVEL="info")),
    ("finds_its_secret_files", lambda s: s["environment"].update(DATABASE_URL_FILE="/run/secrets/url")),
    ("is no service", lambda s: s["depends_on"].update(broker={"condition": "service_healthy"})),
    ("the file does not have", lambda s: s["secrets"].append("page-key")),
]


def test_the_compose_policies_find_their_mistakes() -> None:
    content = compose.yaml.safe_load(COMPOSE)
    assert said(compose.wrong({"compose.yaml": content})) == []

    def found(changed: Compose) -> list[str]:
        return said(compose.wrong({"compose.yaml": changed}))

    planted = [(name, lambda c, m=mistake: m(c["services"]["sla-api"])) for name, mistake in COMPOSE_MISTAKES]
    assert unfound(planted, content, found) == []


def test_a_file_that_compose_mounts_and_nobody_has_is_found(tmp_path: Path) -> None:
    more = "configs: {a: {file: ./a}, b: {file: ./secrets/b}}\n"
    mounts = COMPOSE.replace("    command: [api]", "    command: [api]\n    volumes: ['../b:/b:ro', './there:/there']")
    put(tmp_path, compose.FILES[0], mounts + more)
    put(tmp_path, compose.FILES[1], "services: {}\n")
    put(tmp_path, "deploy/there/x", "")
    assert said(compose.check(tmp_path)) == [
        "deploy/compose.yaml: a: is made of ./a, which does not exist",
        "deploy/compose.yaml: sla-api: mounts ../b, which does not exist",
    ]


def test_every_compose_policy_has_a_planted_mistake() -> None:
    assert {each.__name__ for each in compose.POLICIES} <= {name for name, _ in COMPOSE_MISTAKES}


def test_an_image_that_is_not_as_agreed_is_found() -> None:
    whole = (ROOT / dockerfile.FILE).read_text(encoding="utf-8")
    assert said(dockerfile.form(whole)) == []
    for pattern, sentence in dockerfile.WANTED.items():
        first = dockerfile.re.search(pattern, whole, dockerfile.re.M)
        assert first is not None, pattern
        without = whole[: first.start()] + whole[first.start() :].replace(first[0], "# gone", 1)
        found = said(dockerfile.form(without.replace(first[0], "# gone")))
        assert any(sentence in each for each in found), pattern


RULE = """
groups:
  - name: events
    rules:
      - alert: OutboxStalled
        expr: max by (service) (lianxin_outbox_oldest_seconds) > 120
        for: 1m
        labels: {severity: page}
        annotations: &told
          summary: it stands still
          description: look
          runbook_url: https://runbooks.example/outbox-stalled.md
          dashboard_url: https://grafana.example/d/lianxin-messaging
      - alert: Watchdog
        expr: vector(1)
        labels: {severity: ticket}
        annotations: {<<: *told, runbook_url: https://runbooks.example/watchdog.md}
      - alert: SignalMissing
        expr: absent(lianxin_outbox_oldest_seconds)
        labels: {severity: ticket}
        annotations: {<<: *told, runbook_url: https://runbooks.example/signal-missing.md}
"""
RULE_TEST = """
rule_files: [../rules/events.yaml]
tests:
  - interval: 1m
    input_series: [{series: 'lianxin_outbox_oldest_seconds{service="sla"}', values: '0 200 200 200 0 0'}]
    alert_rule_test:
      - {eval_time: 1m, alertname: OutboxStalled, exp_alerts: []}
      - eval_time: 3m
        alertname: OutboxStalled
        exp_alerts: [{exp_labels: {severity: page, service: sla}, exp_annotations: {
          summary: it stands still, description: look, runbook_url: 'https://runbooks.example/outbox-stalled.md',
          dashboard_url: 'https://grafana.example/d/lianxin-messaging'}}]
      - {eval_time: 3m, alertname: SignalMissing, exp_alerts: []}
      - eval_time: 3m
        alertname: Watchdog
        exp_alerts: [{exp_labels: {severity: ticket}, exp_annotations: {
          summary: it stands still, description: look, runbook_url: 'https://runbooks.example/watchdog.md',
          dashboard_url: 'https://grafana.example/d/lianxin-messaging'}}]
  - interval: 1m
    input_series: [{series: up, values: '5'}]
    alert_rule_test:
      - eval_time: 1m
        alertname: SignalMissing
        exp_alerts: [{exp_labels: {severity: ticket}, exp_annotations: {
          summary: it stands still, description: look, runbook_url: 'https://runbooks.example/signal-missing.md',
          dashboard_url: 'https://grafana.example/d/lianxin-messaging'}}]
    promql_expr_test: [{expr: up, eval_time: 0m, exp_samples: [{labels: up, value: 5}]}]
"""
ROUTES = """
route:
  receiver: ticket
  routes:
    - {receiver: watchdog, matchers: [alertname = Watchdog]}
    - {receiver: page, matchers: [severity = page]}
receivers: [{name: page}, {name: ticket}, {name: watchdog}]
inhibit_rules:
  - {source_matchers: [alertname = OutboxStalled], target_matchers: ['alertname =~ "SignalMissing|Watchdog"']}
"""
RUNBOOK = "# X\n\n## Meaning\n\n## Impact\n\n## Diagnosis\n\n## Mitigation\n"


def watched(root: Path) -> None:
    """A checkout of three alerts with everything that belongs to them."""
    put(root, f"{rules.FOLDER}/prometheus.yaml", "rule_files: [rules/*.yaml]\n")
    put(root, f"{rules.FOLDER}/rules/events.yaml", RULE)
    put(root, f"{rules.FOLDER}/tests/events.yaml", RULE_TEST)
    put(root, routes.CONFIG, ROUTES)
    for name in ("outbox-stalled", "watchdog", "signal-missing"):
        put(root, f"{runbooks.FOLDER}/{name}.md", RUNBOOK)
    put(root, f"{runbooks.FOLDER}/README.md", "(outbox-stalled.md) (watchdog.md) (signal-missing.md)")
    put(root, f"{boards.FOLDER}/lianxin-messaging.json", '{"uid": "lianxin-messaging"}')


def test_a_checkout_of_three_alerts_without_mistakes_has_no_finding(tmp_path: Path) -> None:
    tool.find("promtool")
    watched(tmp_path)
    found = [*rules.check(tmp_path), *routes.check(tmp_path), *runbooks.check(tmp_path)]
    assert said(found) == []


ALERT_MISTAKES: list[tuple[Callable[[Path], Any], str, str, str]] = [
    (rules.form, "severity: page", "severity: critical", "has severity critical"),
    (rules.form, "          description: look\n", "", "lacks description"),
    (rules.form, "name: events", "name: other", "not one named events"),
    (rules.told, "(lianxin_outbox_oldest_seconds) > 120", "(lianxin_outbox_age) > 120", "asks for lianxin_outbox_age"),
    (rules.told, "(lianxin_outbox_oldest_seconds) >", '(lianxin_outbox_oldest_seconds{unit="x"}) >', "by unit"),
    (rules.told, "by (service) (lianxin", "by (unit) (lianxin", "aggregates by unit"),
    (rules.told, "> 120", "> > 120", "is no PromQL"),
    (rules.twins, "absent(lianxin_outbox_oldest_seconds)", "absent(up)", "whose absence no alert tells"),
    (rules.tested, "alert: Watchdog", "alert: Watchcat", "Watchcat: has no test in which it fires"),
    (rules.check, "rule_files: [rules", "rule_file: [rules", "promtool check config"),
    (rules.check, "for: 1m", "for: soon", "promtool check rules"),
    (runbooks.told, "runbooks.example/watchdog.md", "runbooks.example/watch-dog.md", "links the runbook watch-dog.md"),
    (runbooks.told, "d/lianxin-messaging", "d/lianxin-masseging", "which is not committed"),
    (runbooks.complete, "## Impact", "## Price", "has the parts"),
    (runbooks.complete, "(watchdog.md) ", "", "watchdog.md: is not in docs/runbooks/README.md"),
    (routes.check, "name: watchdog", "name: watchcat", "amtool"),
    (routes.silenced, "SignalMissing|Watchdog", "SignalMising|Watchdog", "SignalMising: is named by an inhibition"),
]  # fmt: skip


def test_mistakes_about_alerts_are_found(tmp_path: Path) -> None:
    wrong = []
    for number, (look, old, new, expected) in enumerate(ALERT_MISTAKES):
        root = tmp_path / str(number)
        watched(root)
        for path in root.rglob("*.*"):
            if path.is_file() and "/tests/" not in str(path):
                path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
        found = said(look(root))
        if not any(expected in each for each in found):
            wrong.append(f"{old!r} as {new!r}: expected {expected!r}, found {found}")
    assert wrong == []


BOARD = {
    "uid": "lianxin-x", "tags": ["lianxin"],
    "templating": {"list": [{"name": "datasource", "type": "datasource"},
                            {"name": "namespace", "type": "query", "query": "label_values(up, namespace)"}]},
    "annotations": {"list": [{"expr": 'ALERTS{alertstate="firing"}'}]},
    "links": [{"type": "dashboards", "tags": ["lianxin"], "url": ""},
              {"type": "link", "url": "https://grafana.com/grafana/dashboards/10991"}],
    "panels": [
        {"id": 1, "type": "row", "title": "Is it well?", "gridPos": {"x": 0, "y": 0, "w": 24, "h": 1}},
        {"id": 2, "type": "stat", "title": "Outbox", "description": "What waits. Yellow, look: above 3.",
         "gridPos": {"x": 0, "y": 1, "w": 24, "h": 2}, "links": [{"url": "/d/lianxin-x"}],
         "datasource": {"type": "prometheus", "uid": "${datasource}"},
         "fieldConfig": {"defaults": {
             "unit": "s", "thresholds": {"steps": [{"color": "green"}, {"color": "yellow"}]},
             "mappings": [{"type": "value", "options": {"0": {"text": "ok", "color": "green"},
                           "1": {"text": "look", "color": "yellow"}, "2": {"text": "act", "color": "yellow"}}}]}},
         "targets": [{"refId": "A", "legendFormat": "{{service}}",
                      "expr": 'rate(lianxin_relayed_events_total{namespace=~"$namespace"}[$__rate_interval])'}]}],
}  # fmt: skip
Board = dict[str, Any]


def asks(text: str) -> Callable[[Board], None]:
    return lambda b: b["panels"][1]["targets"][0].update(expr=text)


def defaults(board: Board) -> Board:
    return board["panels"][1]["fieldConfig"]["defaults"]


CHOSEN = 'namespace=~"$namespace"'
BOARD_MISTAKES: list[tuple[str, Callable[[Board], Any]]] = [
    ("template-datasource", lambda b: b["templating"]["list"].pop(0)),
    ("template-job", lambda b: b["templating"]["list"][1].update(name="job") or asks("up{job=~'$job'}")(b)),
    ("template-label-promql", lambda b: b["templating"]["list"][1].update(query="label_values(up{, namespace)")),
    ("[variables]", lambda b: b["templating"]["list"].append({"name": "service", "type": "custom"})),
    ("[variables]", asks(f'lianxin_outbox_rows{{{CHOSEN}, service="$service"}}')),
    ("marks something else", lambda b: b["annotations"]["list"][0].update(expr="up == 0")),
    ("panel-datasource", lambda b: b["panels"][1].update(datasource={"type": "prometheus", "uid": "prometheus"})),
    ("panel-datasource", lambda b: b["panels"][1]["targets"][0].update(datasource={"uid": "prometheus"})),
    ("panel-title-description", lambda b: b["panels"][1].update(description="Yellow, look: above 3")),
    ("panel-units", lambda b: defaults(b).pop("unit")),
    ("panel-units", lambda b: defaults(b).update(unit="parsecs")),
    ("target-promql", asks(f"sum(up{{{CHOSEN}}}")),
    ("target-promql", asks(f"lianxin_outbox_age{{{CHOSEN}}}")),
    ("unit, labels it does not carry [target-promql]", asks(f'lianxin_outbox_rows{{{CHOSEN},unit="y"}}')),
    ("unit, labels it does not carry [target-promql]", asks(f'process_open_fds{{{CHOSEN},unit="y"}}')),
    ("outcome lost, which it never has", asks(f'lianxin_notify_messages_total{{{CHOSEN},outcome=~"sent|lost"}}')),
    ("aggregates by unit", asks(f"sum by (service, unit) (lianxin_outbox_rows{{{CHOSEN}}})")),
    ("target-legend", lambda b: b["panels"][1]["targets"][0].pop("legendFormat")),
    ("target-legend", lambda b: b["panels"][1]["targets"][0].update(legendFormat="{{unit}}")),
    ("target-legend", asks(f"sum by (process) (lianxin_outbox_rows{{{CHOSEN}}})")),
    ("target-rate-interval", asks(f"rate(process_cpu_seconds_total{{{CHOSEN}}}[5m])")),
    ("target-job", asks(f"lianxin_outbox_rows + on (service) up{{{CHOSEN}}}")),
    ("target-job", asks(f"process_open_fds + on (service) up{{{CHOSEN}}}")),
    ("two queries of one name", lambda b: b["panels"][1]["targets"].append(b["panels"][1]["targets"][0])),
    ("asks nothing", lambda b: b["panels"][1].update(targets=[]) or b["templating"]["list"].append(
        {"name": "x", "type": "custom"}) or b["panels"][0].update(targets=[{"refId": "A", "expr": "$x $namespace"}])),
    ("title of two panels", lambda b: b["panels"][1].update(title="Is it well?")),
    ("number of another", lambda b: b["panels"][1].update(id=1)),
    ("lies on Is it well?", lambda b: b["panels"][1]["gridPos"].update(y=0, h=3)),
    ("leaves 24 places of the grid empty", lambda b: b["panels"][1]["gridPos"].update(y=2)),
    ("does not begin with a question", lambda b: b["panels"][0].update(title="All is well")),
    ("does not begin with a question", lambda b: b["panels"][1].update(type="timeseries")),
    ("is an empty row", lambda b: b["panels"].extend(
        {"id": n, "type": "row", "title": f"{n}?", "gridPos": {"x": 0, "y": n, "w": 24, "h": 1}} for n in (3, 4))),
    ("is yellow and does not say when", lambda b: b["panels"][1].update(description="What waits.")),
    ("is red and does not say when", lambda b: defaults(b)["thresholds"]["steps"].append({"color": "red"})),
    ("is red and does not say when", lambda b: b["panels"][1].update(
        description="Yellow, look: above 3. Red, act: above 4.")),
    ("other words than ok", lambda b: defaults(b)["mappings"][0]["options"]["0"].update(text="good")),
    ("begin its links with its sisters", lambda b: b["links"].pop(0)),
    ("begin its links with its sisters", lambda b: b["links"][0].update(tags=[])),
    ("links /d/lianxin-y", lambda b: b["panels"][1]["links"][0].update(url="/d/lianxin-y")),
    ("links https://grafana.com/", lambda b: b["links"][1].update(url="https://grafana.com/grafana/dashboards/1")),
    ("no-such-thing.md", lambda b: b["panels"][1]["links"][0].update(url=f"{RUNBOOKS}/no-such-thing.md")),
]  # fmt: skip


def about(board: Board) -> list[str]:
    layout = [f"x.json: {where}: {text}" for where, text in board_layout.wrong(ROOT, board, {"lianxin-x"})]
    return said(boards.wrong("x.json", board)) + layout


def test_a_dashboards_rules_find_their_mistakes() -> None:
    assert about(BOARD) == []
    assert unfound(BOARD_MISTAKES, BOARD, about) == []


def test_a_lost_dashboard_and_one_of_no_generator_are_found(tmp_path: Path) -> None:
    shutil.copytree(ROOT / boards.FOLDER, tmp_path / boards.FOLDER)
    (tmp_path / boards.FOLDER / "lianxin-clocks.json").rename(tmp_path / boards.FOLDER / "other.json")
    assert sorted(said(boards.drifted(tmp_path, boards.generated(tmp_path)))) == [
        f"{boards.FOLDER}/lianxin-clocks.json: is not what its generator makes now",
        f"{boards.FOLDER}/other.json: is made by no generator",
    ]


def test_a_missing_heading_is_found_and_headings_are_called_as_on_the_web(tmp_path: Path) -> None:
    put(
        tmp_path,
        "a.md",
        "# It's `make run` (now)\n## 连心\n## 连心\n[x](#its-make-run-now) [y](#连心-1) [z](#nothing)\n",
    )
    assert said(links.check(tmp_path)) == ["a.md: links #nothing, which has no such heading"]


def test_an_overlay_that_does_not_render_is_found(tmp_path: Path) -> None:
    put(tmp_path, "k8s/overlays/dev/kustomization.yaml", "kind: Kustomization\nresources: [nothing.yaml]\n")
    put(tmp_path, "k8s/components/x/kustomization.yaml", "kind: Component\n")
    found = said(rendering.check(tmp_path))
    assert any("k8s/overlays/dev: " in each and "nothing.yaml" in each for each in found)
    assert any("is a component that no overlay and no test renders" in each for each in found)


def test_what_is_missing_altogether_is_found_and_not_passed_over(tmp_path: Path) -> None:
    for look in (
        rendering.check,
        rules.check,
        routes.check,
        boards.check,
        compose.check,
        dockerfile.check,
        generated.check,
    ):
        assert any("is missing" in each or "is not among" in each for each in said(look(tmp_path))), look.__module__


def test_the_metrics_of_a_query_are_read() -> None:
    wanted = {
        "sum(rate(a_total[5m])) / b": {"a_total", "b"},
        "max_over_time(rate(c_total[1m])[1h:5m]) or topk(3, -d)": {"c_total", "d"},
        "histogram_quantile(0.9, sum by (le) (e_bucket)) unless on (x) absent(f)": {"e_bucket", "f"},
        '{__name__="g"} offset 5m': {"g"},
        "rate(h_total[$__rate_interval]) * ${factor}": {"h_total", "x"},
    }
    assert {text: {each.name for each in queries.selected(text)} for text in wanted} == wanted
