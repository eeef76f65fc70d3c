"""Other systems listen: a stock Nameko service, and a subscriber with a queue made for it. Neither can do more."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from amqp import Channel, Message
from amqp.exceptions import AccessRefused

from chassis.delivery.broker import connect, drop
from deploy.system.testbed import SystemUnderTest, Vhost
from tests.support.driver import People, until

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]

SETTINGS = {"intake": {"ACCEPT_AUTOMATICALLY": "true"}}
SHARED = True
ROOT = Path(__file__).parents[2]
QUEUE = "evt-intake-case.accepted--library.note"  # as Nameko names it
NAME, MOBILE = "欧阳问天", "13800000999"
VIEW = {"at", "number", "channel", "kind", "identity", "community", "emergency", "state"} | {
    f"{step}_at" for step in ("submitted", "accepted", "refused", "withdrawn")
}


@contextmanager
def user(vhost: Vhost, name: str, rights: dict[str, str], hears: str) -> Iterator[str]:
    """A broker user of another system, as an administrator would make one; its address."""
    where = f"{quote(vhost.name, safe='')}/{name}"
    vhost.rabbit.api("PUT", f"/users/{name}", {"password": vhost.rabbit.password(name), "tags": ""})
    vhost.rabbit.api("PUT", f"/permissions/{where}", rights)
    vhost.rabbit.api("PUT", f"/topic-permissions/{where}", {"exchange": "intake.events", "write": "^$", "read": hears})
    try:
        yield vhost.uri(name)
    finally:
        vhost.rabbit.api("DELETE", f"/users/{name}")


@contextmanager
def running(uri: str, heard: Path, folder: Path) -> Iterator[None]:
    """The stock service under `nameko run`."""
    config, log = folder / "config.yaml", folder / "library.log"
    config.write_text(yaml.safe_dump({"AMQP_URI": uri, "DECLARE_EVENT_EXCHANGES": False}))
    command = [Path(sys.executable).parent / "nameko", "run", "--config", str(config), "tests.e2e.library_system"]
    with log.open("wb") as written:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, "HEARD": str(heard)}, stdout=written, stderr=written
        )
        try:
            yield
            assert process.poll() is None, log.read_text()
        finally:
            process.terminate()
            process.wait(20)


@contextmanager
def channel(uri: str) -> Iterator[Channel]:
    """A channel of a user's own."""
    connection = connect(uri, "a test")
    try:
        yield connection.channel()
    finally:
        drop(connection)


def test_a_stock_nameko_service_of_another_system_hears_an_accepted_case(
    people: People, system: SystemUnderTest, tmp_path: Path
) -> None:
    rights = {
        "configure": rf"^{QUEUE}$".replace(".", r"\."),
        "write": rf"^{QUEUE}$".replace(".", r"\."),
        "read": rf"^({QUEUE}|intake\.events)$",
    }
    heard = tmp_path / "heard"
    with (
        user(system.vhost, "library", rights, hears=r"^case\.accepted$") as uri,
        running(uri, heard, tmp_path),
    ):
        until(lambda: bound(system.vhost), "the service has bound its queue")
        number = people.submit(name=NAME, mobile=MOBILE, description=f"路灯坏了，联系{NAME}{MOBILE}。").number
        until(heard.exists, "the service has heard of the case")
        until(lambda: heard.read_text().endswith("\n"), "the line is whole")
        for forbidden in ("case.submitted", "restricted.case.accepted", "#"):
            with channel(uri) as own, pytest.raises(AccessRefused):
                own.queue_bind(QUEUE, "intake.events", forbidden)
    system.vhost.rabbit.api("DELETE", f"/queues/{quote(system.vhost.name, safe='')}/{QUEUE}")
    (told,) = [json.loads(line) for line in heard.read_text(encoding="utf-8").splitlines()]
    assert told["number"] == number
    assert told.keys() == VIEW | {"accepted_by", "imported"}
    assert not [secret for secret in (NAME, MOBILE) if secret in heard.read_text(encoding="utf-8")]


def bound(vhost: Vhost) -> bool:
    sources = vhost.rabbit.api("GET", f"/bindings/{quote(vhost.name, safe='')}")
    return any((each["source"], each["destination"]) == ("intake.events", QUEUE) for each in sources)


def test_a_subscriber_reads_its_queue(people: People, system: SystemUnderTest) -> None:
    number = people.submit(name=NAME, mobile=MOBILE).number
    with channel(system.vhost.uri("traffic")) as own:
        arrived: list[Message] = []
        own.basic_consume("sub.traffic", no_ack=True, callback=arrived.append)
        heard = until(lambda: acceptance(own, arrived, number), f"case.accepted of {number} lies in the queue")
    assert heard["number"] == number
    assert not [secret for secret in (NAME, MOBILE) if secret in json.dumps(heard, ensure_ascii=False)]


def acceptance(own: Channel, arrived: list[Message], number: str) -> dict[str, Any]:
    """The acceptance of that case among what has arrived, if it is there by now."""
    with suppress(TimeoutError):
        own.connection.drain_events(timeout=0.1)
    heard = (json.loads(message.body) for message in arrived)
    return next((data for data in heard if data.get("number") == number and "accepted_by" in data), {})


def say(own: Channel, exchange: str, key: str) -> None:
    """Publishes, and returns once the broker has taken it."""
    own.basic_publish_confirm(Message("{}"), exchange, key)


MORE: dict[str, Callable[[Channel], Any]] = {
    "publish an event": lambda own: say(own, "intake.events", "case.accepted"),
    "write into a service's queue": lambda own: say(own, "", "intake.inbox"),
    "write into its own queue": lambda own: say(own, "", "sub.traffic"),
    "declare a queue": lambda own: own.queue_declare("mine"),
    "declare an exchange": lambda own: own.exchange_declare("mine", "topic"),
    "bind its queue to more": lambda own: own.queue_bind("sub.traffic", "intake.events", "case.submitted"),
    "read another's queue": lambda own: own.basic_get("notify.inbox"),
    "empty another's queue": lambda own: own.queue_purge("notify.inbox"),
    "delete its queue": lambda own: own.queue_delete("sub.traffic"),
}


@pytest.mark.parametrize("deed", MORE)
def test_a_subscriber_can_do_nothing_else(broker: Vhost, deed: str) -> None:
    with channel(broker.uri("traffic")) as own, pytest.raises(AccessRefused):
        MORE[deed](own)


@pytest.fixture
def questions(broker: Vhost) -> Vhost:
    """A broker with the exchange that Nameko's questions go through, and nobody there to answer."""
    with channel(broker.uri("lianxin")) as administrator:
        administrator.exchange_declare("nameko-rpc", "topic", durable=True, auto_delete=False)
    return broker


@pytest.mark.parametrize("asker", ["dispatch", "sla", "intake", "traffic"])
def test_nobody_but_notify_may_ask_how_to_reach_a_resident(questions: Vhost, asker: str) -> None:
    with channel(questions.uri(asker)) as own, pytest.raises(AccessRefused):
        say(own, "nameko-rpc", "intake.contacts")


def test_notify_may_ask_that_and_nothing_else(questions: Vhost) -> None:
    with channel(questions.uri("notify")) as own:
        say(own, "nameko-rpc", "intake.contacts")
        with pytest.raises(AccessRefused):
            say(own, "nameko-rpc", "intake.everything")
