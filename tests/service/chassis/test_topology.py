"""Applying the topology to a real broker, as the job of a release does."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.delivery import topology
from deploy.servers import postgres
from deploy.system.testbed import Servers

ROOT = Path(__file__).parents[3]
OURS = ("intake", "dispatch", "sla", "notify")


@pytest.fixture
def empty(servers: Servers) -> Iterator[str]:
    """A vhost with nothing in it, on a broker that does not know any subscriber."""
    name = postgres.new_name("empty")
    servers.rabbit.create_vhost(name)
    known = {user["name"] for user in servers.rabbit.api("GET", "/users")}
    for subscriber in known & (set(topology.load().users) - set(OURS)):
        servers.rabbit.api("DELETE", f"/users/{subscriber}")
    yield name
    servers.rabbit.drop_vhost(name)


def rights(servers: Servers, vhost: str) -> set[str]:
    return {each["user"] for each in servers.rabbit.api("GET", f"/vhosts/{vhost}/permissions")}


def test_a_subscriber_without_a_password_is_passed_over_until_it_has_one(servers: Servers, empty: str) -> None:
    ours = {user: servers.rabbit.password(user) for user in OURS}
    topology.apply(servers.rabbit.management, ours, empty)
    assert topology.missing(servers.rabbit.management, empty) == []
    assert rights(servers, empty) == {"lianxin", *OURS}
    everybody = {user: servers.rabbit.password(user) for user in topology.load().users}
    topology.apply(servers.rabbit.management, everybody, empty)
    assert rights(servers, empty) == {"lianxin", *everybody}


def test_address_and_passwords_come_from_files(servers: Servers, empty: str, tmp_path: Path) -> None:
    told = {"MANAGEMENT_URI": servers.rabbit.management}
    told |= {f"BROKER_PASSWORD_{user.upper()}": servers.rabbit.password(user) for user in OURS}
    env = {"PATH": os.environ["PATH"]}
    for variable, value in told.items():
        (tmp_path / variable).write_text(value + "\n")
        env[f"{variable}_FILE"] = str(tmp_path / variable)
    command = [sys.executable, "-m", "chassis.delivery.topology", "apply", "--vhost", empty]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "the broker matches the topology\n"), done.stderr
