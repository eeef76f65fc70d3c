"""Debian's Prometheus and Alertmanager beside a running system: our rules, our routes, targets from what runs."""

import http.client
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.machine import ports
from deploy.machine.child import Child, bare
from deploy.machine.folder import ROOT, Folder
from deploy.machine.trouble import Trouble
from deploy.observe.receiver import Receiver
from deploy.prometheus import links
from deploy.system import targets

USUAL = {"prometheus": 9090, "alertmanager": 9093}
SPAN = 100
KEPT = "7d"


class Monitoring:
    """Keeps its files in the folder `observe` of the system's; both servers listen on 127.0.0.1 only."""

    def __init__(self, folder: Folder, given: Mapping[str, int] | None = None) -> None:
        """`given`: ports by name; a port that is not given is the first free one from the usual on."""
        self.system, self.own = folder, Folder(folder.path / "observe")
        self.programs = {name: _program(name) for name in USUAL}
        self.ports = {name: _port(name, (given or {}).get(name)) for name in USUAL}
        self.children = {name: Child(self.own, name) for name in USUAL}
        self.receiver = Receiver()

    def url(self, name: str) -> str:
        """The address of `prometheus` or `alertmanager`."""
        return f"http://127.0.0.1:{self.ports[name]}"

    def start(self) -> None:
        """Write what they read, start both, wait until they answer. Raises Trouble with the end of a log."""
        self.prepare()
        self._launch("alertmanager", "--config.file=alertmanager.yaml", "--cluster.listen-address=")
        self._launch(
            "prometheus",
            "--config.file=prometheus.yaml",
            f"--storage.tsdb.retention.time={KEPT}",
            "--web.enable-lifecycle",
        )
        for name, child in self.children.items():
            child.wait_until(lambda name=name: self._answers(name), 30, name)  # type: ignore[misc]

    def _launch(self, name: str, *options: str) -> None:
        storage = "--storage.tsdb.path" if name == "prometheus" else "--storage.path"
        listen = f"--web.listen-address=127.0.0.1:{self.ports[name]}"
        data = self.own.made(f"{name}-data")
        self.children[name].start(
            [self.programs[name], listen, f"{storage}={data}", *options], bare(), cwd=self.own.path
        )

    def prepare(self) -> None:
        """The configuration as it is in deploy/, with links to the runbooks of this checkout and targets of today."""
        links.write(self.own.made("rules"), runbooks=str(ROOT / "docs" / "runbooks"))
        shutil.copy(ROOT / "deploy" / "prometheus" / "prometheus.yaml", self.own.path / "prometheus.yaml")
        routes = (ROOT / "deploy" / "alertmanager" / "alertmanager.yaml").read_text(encoding="utf-8")
        (self.own.path / "alertmanager.yaml").write_text(self.receiver.redirected(routes), encoding="utf-8")
        self.write_targets()

    def write_targets(self) -> None:
        """Write the targets again where they changed; Prometheus notices by itself."""
        for name, wanted in targets.lists(self.system, self.ports).items():
            path = self.own.made("targets") / f"{name}.json"
            text = json.dumps(wanted)
            if not path.exists() or path.read_text() != text:
                new = path.with_suffix(".new")
                new.write_text(text)
                new.rename(path)

    def ask(self, name: str, path: str) -> Any:
        """What one of the two answers to a GET of its API, as `ask("prometheus", "/api/v1/rules")`. Raises OSError."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[name], timeout=10)
        try:
            connection.request("GET", path)
            return json.loads(connection.getresponse().read())
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        finally:
            connection.close()

    def alerts(self) -> list[dict[str, Any]]:
        """What Alertmanager knows to be firing, silenced ones included. Raises OSError."""
        found: list[dict[str, Any]] = self.ask("alertmanager", "/api/v2/alerts")
        return found

    def dead(self) -> list[Child]:
        """Those that ended by themselves."""
        return [child for child in self.children.values() if not child.running]

    def stop(self) -> None:
        """Both, and the receiver; safe when nothing was started."""
        for child in self.children.values():
            child.stop()
        self.receiver.close()

    def _answers(self, name: str) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[name], timeout=2)
        try:
            connection.request("GET", "/-/ready")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def _program(name: str) -> Path:
    """Debian's name first: its `alertmanager` is called after the package."""
    for each in (f"prometheus-{name}", name):
        if found := shutil.which(each):
            return Path(found)
    raise Trouble(f"{name} is missing; `make setup` installs it.")


def _port(name: str, given: int | None) -> int:
    if given is None:
        return ports.free_port_from(USUAL[name], USUAL[name] + SPAN)
    if not ports.is_free(given):
        raise Trouble(f"Port {given} for {name} is taken; give another: {name.upper()}_PORT=… make observe.")
    return given
