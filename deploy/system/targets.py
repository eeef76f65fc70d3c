"""What Prometheus is to scrape: each process leaves its ops port in the folder; target lists are made of them."""

import json
import os
from collections.abc import Mapping
from typing import Any

from deploy.machine.child import alive
from deploy.machine.folder import Folder, private

Targets = list[dict[str, Any]]


def note(folder: Folder, name: str, service: str, ops_port: int) -> None:
    """A process was started: it is scraped from now on, and missed when it does not answer."""
    private(folder.made("targets") / f"{name}.json", json.dumps({"service": service, "ops_port": ops_port}))


def forget(folder: Folder) -> None:
    """A new system begins: what an earlier one had left is not missed."""
    for path in folder.made("targets").glob("*.json"):
        path.unlink(missing_ok=True)


def lists(folder: Folder, own: Mapping[str, int]) -> dict[str, Targets]:
    """Target lists by file name; `own` are the ports of Prometheus and Alertmanager."""
    return {
        "services": _services(folder),
        "rabbitmq": [{"targets": [broker]}] if (broker := _broker(folder)) else [],
        **{name: [{"targets": [f"127.0.0.1:{port}"]}] for name, port in own.items()},
    }


def _services(folder: Folder) -> Targets:
    noted = [json.loads(path.read_text()) for path in sorted(folder.made("targets").glob("*.json"))]
    return [
        {"targets": [f"127.0.0.1:{each['ops_port']}"], "labels": {"job": f"lianxin-{each['service']}"}}
        for each in noted
    ]


def _broker(folder: Folder) -> str | None:
    """Where the broker's metrics are: given as RABBITMQ_METRICS, or of the broker of the folder's own."""
    if given := os.environ.get("RABBITMQ_METRICS"):
        return given
    known, told = folder.recall("rabbitmq"), folder.recall("environment") or {"brokers": {}}
    ours = known and any(f":{known['amqp']}/" in uri for uri in told["brokers"].values())
    return f"127.0.0.1:{known['prometheus']}" if ours else None


def runs(folder: Folder) -> bool:
    """Whether any process of the folder's system lives."""
    records = [json.loads(path.read_text()) for path in folder.made("children").glob("*-*.json")]
    return any(alive(record["pid"], record["born"]) for record in records)
