"""Exchanges, queues, bindings, users and permissions: one file generated from the contracts, applied in one call.

`python -m chassis.delivery.topology apply | check`. The broker's management address comes from MANAGEMENT_URI (with an
administrator's user and password), each user's password from BROKER_PASSWORD_<USER>; either may be a file, by the same
name with _FILE.
"""

import argparse
import functools
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import requests

FILE = Path(os.environ.get("TOPOLOGY", Path(__file__).parents[2] / "contracts" / "topology.json"))
DEADLINE_SECONDS = 10


@dataclass(frozen=True, eq=False)
class Topology:
    """What is bound to what. `bindings`: {queue: {exchange: [routing keys]}}."""

    bindings: Mapping[str, Mapping[str, Sequence[str]]]
    users: Mapping[str, Mapping[str, Any]]

    def queues_of(self, producer: str) -> list[str]:
        """The queues of our own services that are bound to the producer's exchange; its relay watches them.

        Outside systems' queues are not among them: a subscriber's missing queue must stop nobody else.
        """
        return sorted(
            queue
            for queue, exchanges in self.bindings.items()
            # Its own inbox is bound to it for probes alone, and a lost probe is no loss.
            if queue.endswith(".inbox") and queue != f"{producer}.inbox" and f"{producer}.events" in exchanges
        )

    def is_bound(self, producer: str, routing_key: str) -> bool:
        """Whether a service of ours is bound to the key, so that an unroutable message would be a loss."""
        return routing_key in self._bound(producer)

    @functools.cache  # noqa: B019 - one topology lives as long as its process
    def _bound(self, producer: str) -> frozenset[str]:
        return frozenset(
            key for queue in self.queues_of(producer) for key in self.bindings[queue][f"{producer}.events"]
        )


@functools.cache
def load(file: Path = FILE) -> Topology:
    """The topology in `file`."""
    content = json.loads(file.read_text(encoding="utf-8"))
    return Topology(content["bindings"], content["users"])


# Arguments can never be changed: only what makes the queue what it is. Limits are policies. One active consumer,
# outside too: after a broker's crash another would be served before what the first held is back in the queue.
QUEUE = {"x-queue-type": "quorum", "x-single-active-consumer": True}


def definitions(
    topology: Topology, vhost: str, passwords: Mapping[str, str], *, version: str = "3.10"
) -> dict[str, Any]:
    """RabbitMQ's own definitions format. Users without a password in `passwords` are left as they are."""
    exchanges = {exchange for keys in topology.bindings.values() for exchange in keys}
    return {
        "vhosts": [{"name": vhost}],
        "users": [{"name": user, "password": password, "tags": ""} for user, password in passwords.items()],
        "permissions": [
            {"user": user, "vhost": vhost} | {k: rights[k] for k in ("configure", "write", "read")}
            for user, rights in topology.users.items()
        ],
        "topic_permissions": [
            {"user": user, "vhost": vhost} | dict(topic)
            for user, rights in topology.users.items()
            for topic in rights.get("topics", ())
        ],
        "exchanges": [
            {
                "name": name,
                "vhost": vhost,
                "type": "topic",
                "durable": True,
                "auto_delete": False,
                "internal": False,
                "arguments": {},
            }
            for name in sorted(exchanges)
        ],
        "queues": [
            {"name": queue, "vhost": vhost, "durable": True, "auto_delete": False, "arguments": dict(QUEUE)}
            for queue in sorted(topology.bindings)
        ],
        "bindings": [
            {
                "source": exchange,
                "vhost": vhost,
                "destination": queue,
                "destination_type": "queue",
                "routing_key": key,
                "arguments": {},
            }
            for queue, sources in sorted(topology.bindings.items())
            for exchange, keys in sorted(sources.items())
            for key in keys
        ],
        "policies": _policies(vhost, version),
    }


def _policies(vhost: str, version: str) -> list[dict[str, Any]]:
    subscribers = {
        "vhost": vhost,
        "name": "subscribers",
        "pattern": r"^sub\.",
        "apply-to": "queues",
        "priority": 1,
        # A subscriber that never reads can't fill the broker; it catches up from the log.
        "definition": {"max-length-bytes": 256 * 1024 * 1024, "overflow": "drop-head"},
    }
    if int(version.split(".")[0]) < 4:
        return [subscribers]
    # From 4.0 on the broker drops a message after 20 deliveries unless told otherwise; attempts are counted by us.
    inboxes = {
        "vhost": vhost,
        "name": "inboxes",
        "pattern": r"\.inbox$",
        "apply-to": "quorum_queues",
        "priority": 1,
        "definition": {"delivery-limit": -1},
    }
    return [subscribers, inboxes]


class ManagementError(RuntimeError):
    """The broker's management interface did not do what was asked; the text says why."""


def apply(management: str, passwords: Mapping[str, str], vhost: str = "/", topology: Topology | None = None) -> None:
    """Makes the broker match the topology; running it again changes nothing. Deletes nothing.

    A user that does not exist yet and has no password in `passwords` is left out: its rights come with its password.
    """
    version = _call(management, "GET", "/api/overview").json()["rabbitmq_version"]
    content = definitions(topology or load(), vhost, passwords, version=version)
    known = {user["name"] for user in _call(management, "GET", "/api/users").json()} | set(passwords)
    for rights in ("permissions", "topic_permissions"):  # the broker would refuse everything for one unknown user
        content[rights] = [each for each in content[rights] if each["user"] in known]
    _call(management, "POST", "/api/definitions", content)


def missing(management: str, vhost: str = "/", topology: Topology | None = None) -> list[str]:
    """What the broker lacks of the topology, one line each."""
    wanted = (topology or load()).bindings
    there = {
        (b["source"], b["routing_key"], b["destination"])
        for b in _call(management, "GET", f"/api/bindings/{quote(vhost, safe='')}").json()
    }
    return [
        f"{queue} is not bound to {exchange} with {key}"
        for queue, sources in wanted.items()
        for exchange, keys in sources.items()
        for key in keys
        if (exchange, key, queue) not in there
    ]


def _call(management: str, method: str, path: str, content: Any = None) -> requests.Response:
    parts = urlsplit(management)
    url = f"{parts.scheme}://{parts.hostname}:{parts.port}{path}"
    auth = (unquote(parts.username or "guest"), unquote(parts.password or "guest"))
    try:
        answer = requests.request(method, url, json=content, auth=auth, timeout=DEADLINE_SECONDS)
    except requests.RequestException as error:
        raise ManagementError(f"the broker's management at {parts.hostname}:{parts.port} does not answer") from error
    if not answer.ok:
        raise ManagementError(f"the broker refused {method} {path}: {answer.status_code} {answer.text[:300]}")
    return answer


def _passwords(topology: Topology, env: Mapping[str, str]) -> dict[str, str]:
    given = {user: _given(f"BROKER_PASSWORD_{user.upper()}", env) for user in topology.users}
    return {user: password for user, password in given.items() if password is not None}


def _given(variable: str, env: Mapping[str, str]) -> str | None:
    if file := env.get(f"{variable}_FILE"):
        return Path(file).read_text(encoding="utf-8").strip()
    return env.get(variable)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m chassis.delivery.topology", description=__doc__)
    parser.add_argument("command", choices=["apply", "check"])
    parser.add_argument("--vhost", default=os.environ.get("VHOST", "/"))
    asked = parser.parse_args(arguments)
    management = _given("MANAGEMENT_URI", os.environ) or "http://guest:guest@127.0.0.1:15672"
    try:
        if asked.command == "apply":
            apply(management, _passwords(load(), os.environ), asked.vhost)
        lacking = missing(management, asked.vhost)
    except ManagementError as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(lacking) or "the broker matches the topology")
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
