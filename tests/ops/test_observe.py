"""`make observe`, as a person meets it: beside `make run`, with every rule evaluated, every target up, and told what fires."""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.machine import ports
from deploy.machine.folder import ROOT, Folder
from deploy.machine.trouble import Trouble
from deploy.observe.monitoring import Monitoring
from deploy.system import targets

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]
RULES = [
    rule
    for path in sorted((ROOT / "deploy" / "prometheus" / "rules").glob("*.yaml"))
    for group in yaml.safe_load(path.read_text())["groups"]
    for rule in group["rules"]
]


class Said:
    """A program of ours in the folder, and what it says."""

    def __init__(self, module: str, folder: Path, **variables: str) -> None:
        env = os.environ | {"RUN": str(folder)} | variables
        command = [sys.executable, "-m", f"deploy.{module}"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=-1, stderr=subprocess.STDOUT, text=True)
        self.lines: list[str] = []

    def until(self, sentence: str) -> str:
        """The first line with the sentence in it; fails with all it said if it ends before."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if sentence in line:
                return line
        raise AssertionError("".join(self.lines))

    def end(self) -> str:
        """Ctrl-C; everything it says until it has ended, exit code 0."""
        self.process.send_signal(2)
        rest = self.process.communicate(timeout=60)[0]
        assert self.process.returncode == 0, rest
        return "".join(self.lines) + rest


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A system that `make run` runs."""
    with tempfile.TemporaryDirectory(prefix="lianxin-observe-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        run = Said("system.run", Path(name))
        try:
            run.until("everything is ready")
            yield Path(name)
        finally:
            run.end()


@pytest.fixture(scope="module")
def observed(folder: Path) -> Iterator[Said]:
    given = {"PROMETHEUS_PORT": str(ports.free_port()), "ALERTMANAGER_PORT": str(ports.free_port())}
    observe = Said("observe", folder, **given)
    try:
        yield observe
    finally:
        observe.process.kill()
        observe.process.communicate()


def ask(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.loads(answer.read())["data"]


def until(fact: Any, seconds: float = 90.0) -> Any:
    """What `fact()` returns once it is true; fails with its last answer after the deadline."""
    deadline = time.monotonic() + seconds
    while not (found := fact())[0]:
        assert time.monotonic() < deadline, found[1]
        time.sleep(0.5)
    return found[1]


def test_every_target_is_up_every_rule_is_well_and_the_watchdog_arrives(observed: Said) -> None:
    prometheus = re.findall(r"http://127\.0\.0\.1:\d+", observed.until("/alerts"))[0]
    observed.until("alive   Watchdog")
    observed.until("the watchdog has reached its receiver")

    def all_up() -> tuple[bool, list[tuple[str, str]]]:
        found = [
            (each["labels"]["job"], each["health"]) for each in ask(f"{prometheus}/api/v1/targets")["activeTargets"]
        ]
        return {health for _, health in found} == {"up"} and len(found) == 12, found

    def all_evaluated() -> tuple[bool, list[tuple[str, str, str]]]:
        rules = [rule for group in ask(f"{prometheus}/api/v1/rules")["groups"] for rule in group["rules"]]
        poor = [(rule["name"], rule["health"], rule.get("lastError", "")) for rule in rules if rule["health"] != "ok"]
        return not poor and len(rules) == len(RULES), poor

    jobs = sorted(job for job, _ in until(all_up))
    assert jobs == sorted(
        [f"lianxin-{service}" for service in ("intake", "dispatch", "sla", "notify") for _ in ("api", "worker")]
        + ["lianxin-rabbitmq", "lianxin-rabbitmq-queues", "prometheus", "alertmanager"]
    )
    until(all_evaluated)


def test_it_stops_by_ctrl_c_and_the_system_goes_on(observed: Said, folder: Path) -> None:
    assert "stopped Prometheus and Alertmanager" in observed.end()
    assert targets.runs(Folder(folder))


def test_without_a_system_it_says_how_to_start_one(tmp_path: Path) -> None:
    observe = Said("observe", tmp_path)
    assert observe.process.communicate(timeout=30)[0] == (
        f"No system runs in {tmp_path}; start one in another terminal: make run.\n"
    )
    assert observe.process.returncode == 1


def test_a_taken_port_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Trouble, match=f"Port {port} for prometheus is taken; give another: PROMETHEUS_PORT="):
            Monitoring(Folder(tmp_path), {"prometheus": port})


def test_a_missing_program_is_named_with_the_way_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Trouble, match="prometheus is missing; `make setup` installs it"):
        Monitoring(Folder(tmp_path))
