"""`make observe`: Prometheus and Alertmanager beside `make run`, in the foreground; says what fires, until Ctrl-C."""

import sys
import time
from typing import Any

from deploy.machine import interrupt, ports
from deploy.machine.child import stop_orphans
from deploy.machine.folder import ROOT, Folder
from deploy.machine.trouble import Trouble
from deploy.observe.monitoring import USUAL, Monitoring
from deploy.system import targets
from deploy.system.running import say

LOOK_EVERY = 2.0
Alerts = dict[str, dict[str, Any]]


def main() -> int:
    """Runs until interrupted; exit code 1 and one sentence when it cannot."""
    interrupt.listen()
    try:
        observe(Folder())
    except KeyboardInterrupt:
        return 0
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0


def observe(folder: Folder) -> None:
    """Raises Trouble where no system runs in the folder, a program is missing or a port is taken."""
    if not targets.runs(folder):
        raise Trouble(f"No system runs in {folder.path}; start one in another terminal: make run.")
    with Folder(folder.path / "observe").lock():
        stop_orphans(Folder(folder.path / "observe"))
        monitoring = Monitoring(folder, {name: port for name in USUAL if (port := ports.given(f"{name.upper()}_PORT"))})
        try:
            monitoring.start()
            _announce(monitoring)
            _watch(monitoring)
        finally:
            with interrupt.cleanly():
                monitoring.stop()
                say("stopped Prometheus and Alertmanager")


def _announce(monitoring: Monitoring) -> None:
    say(f"\n  {monitoring.url('prometheus')}/alerts   rules, alerts, queries")
    say(f"  {monitoring.url('alertmanager')}   what would be sent to whom")
    say(f"  rules in deploy/prometheus/rules, logs in {monitoring.own.logs}")
    say("  what fires is said here, with its runbook; an alert needs its time, mostly a minute or two")
    say("  Ctrl-C stops both; the system goes on\n")


def _watch(monitoring: Monitoring) -> None:
    shown: Alerts = {}
    arrived = False
    while True:
        monitoring.write_targets()
        if dead := monitoring.dead():
            raise Trouble(f"{dead[0].name} ended by itself; see {dead[0].log}:\n{dead[0].tail()}")
        shown = _tell(shown, _firing(monitoring, shown))
        if not arrived and (arrived := bool(monitoring.receiver.arrived["watchdog"])):
            say("  the watchdog has reached its receiver: from a rule to whoever is to be told, the way is open")
        time.sleep(LOOK_EVERY)


def _firing(monitoring: Monitoring, before: Alerts) -> Alerts:
    """By fingerprint and state: an alert that is silenced or freed is told again."""
    try:
        found = monitoring.alerts()
    except (OSError, ValueError):
        return before
    return {f"{alert['fingerprint']} {alert['status']['state']}": alert for alert in found}


def _tell(before: Alerts, now: Alerts) -> Alerts:
    fingerprints = {alert["fingerprint"] for alert in now.values()}
    for key in now.keys() - before.keys():
        say(_line(now[key], _how(now[key])))
    for key in before.keys() - now.keys():
        if before[key]["fingerprint"] not in fingerprints:
            say(_line(before[key], "over"))
    return now


def _how(alert: dict[str, Any]) -> str:
    if alert["labels"]["alertname"] == "Watchdog":
        return "alive"
    return "quiet" if alert["status"]["state"] == "suppressed" else str(alert["labels"].get("severity", "?"))


def _line(alert: dict[str, Any], how: str) -> str:
    told = alert["annotations"]
    runbook = str(told.get("runbook_url", "")).removeprefix(f"{ROOT}/")
    when, name = time.strftime("%H:%M:%S"), alert["labels"]["alertname"]
    return f"  {when}  {how:6}  {name:22}  {told.get('summary')}  {runbook}"


if __name__ == "__main__":
    sys.exit(main())
