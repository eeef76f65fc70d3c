"""What stands around the services: the broker, the SMS gateway and the printer, each with the promises of the real one."""

import hashlib
import json
from collections import deque
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chassis.delivery.broker import Outgoing as ToBroker
from chassis.delivery.broker import PublishFailed
from chassis.delivery.topology import load
from services.notify.domain.gateway import Answer, Fate, Outgoing
from services.notify.printing.printer import PrinterFailed

if TYPE_CHECKING:
    from tests.simulation.town import Town

BINDINGS: dict[tuple[str, str], list[str]] = {}
for _queue, _exchanges in load().bindings.items():
    if _queue.endswith(".inbox"):
        for _exchange, _keys in _exchanges.items():
            for _key in _keys:
                BINDINGS.setdefault((_exchange, _key), []).append(_queue.removesuffix(".inbox"))


class Delivery:
    """A message as py-amqp hands it to chassis.delivery.consumer."""

    __slots__ = ("body", "delivery_info", "delivery_tag", "headers")

    def __init__(self, headers: Mapping[str, Any], body: str) -> None:
        self.headers, self.body = headers, body
        self.delivery_info, self.delivery_tag = {"redelivered": False}, 0


class Channel:
    """A consumer's side of its queue; once lost, it acknowledges nothing."""

    def __init__(self, queue: "Queue") -> None:
        self.queue, self.open = queue, True

    def basic_ack(self, tag: int, multiple: bool) -> None:
        if not self.open:
            raise ConnectionError("the connection was lost meanwhile")
        while self.queue.unacked and self.queue.unacked[0].delivery_tag <= tag:
            self.queue.unacked.popleft()

    def heartbeat_tick(self) -> None:
        return None


class Queue:
    """A quorum queue with one active consumer: in order, and what was not acknowledged comes back to its front."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.ready: deque[Delivery] = deque()
        self.unacked: deque[Delivery] = deque()
        self.holder: Channel | None = None
        self.quiet_until, self.tags = 0.0, 0

    def attach(self) -> Channel:
        self.holder = Channel(self)
        return self.holder

    def give(self, most: int) -> list[Delivery]:
        given = [self.ready.popleft() for _ in range(min(most, len(self.ready)))]
        for each in given:
            self.tags += 1
            each.delivery_tag = self.tags
        self.unacked.extend(given)
        return given

    def lose(self) -> int:
        """The consumer's connection is gone; how many messages come back."""
        if self.holder:
            self.holder.open = False
        self.holder, back = None, list(self.unacked)
        self.unacked.clear()
        for each in reversed(back):
            again = Delivery(each.headers, each.body)
            again.delivery_info["redelivered"] = True
            self.ready.appendleft(again)
        return len(back)


class Publisher:
    """chassis.delivery.broker.Publisher: returns when all was confirmed, or raises, and then any may be there."""

    connection = None

    def __init__(self, town: "Town", name: str) -> None:
        self.town, self.name = town, name

    def publish(self, messages: Sequence[ToBroker]) -> None:
        town = self.town
        town.point(f"{self.name} publishing", hang=False)
        if town.now < town.broker_away_until:
            raise PublishFailed("the broker is away")
        cut = town.faults.strikes("confirm_lost")
        for queue in town.queues.values():
            theirs = [m for m in messages if queue.service in BINDINGS.get((m.exchange, m.routing_key), ())]
            taken = theirs[: town.rng.randint(0, len(theirs))] if cut else theirs
            queue.ready.extend(Delivery(m.headers, m.body) for m in taken)
        town.tell(
            self.name, "published" + (", the confirmation got lost" if cut else ""), *(m.headers for m in messages)
        )
        if cut:
            raise PublishFailed("no confirmation")
        town.point(f"{self.name} published", hang=False)

    def open(self) -> None:
        return None

    def idle(self) -> None:
        return None

    def close(self) -> None:
        return None


class Gateway:
    """Writes its ledger before it answers. Not every one remembers keys, or can be asked."""

    name = "simulated"

    def __init__(self, town: "Town") -> None:
        self.town = town
        self.remembers_keys, self.can_look_up = town.rng.random() < 0.7, town.rng.random() < 0.7
        self.ledger: list[tuple[str, tuple[str, ...]]] = []
        self.on_the_way: list[tuple[float, Outgoing]] = []

    def send(self, batch: Sequence[Outgoing]) -> list[Answer]:
        self.town.point("gateway called")
        answers = [self._send(each) for each in batch]
        self.town.point("gateway answered")
        return answers

    def _send(self, sms: Outgoing) -> Answer:
        strikes, rng = self.town.faults.strikes, self.town.rng
        if strikes("gateway_busy"):
            return Answer(Fate.BUSY, "gateway_503")
        if strikes("gateway_refuses"):
            return Answer(Fate.REFUSED, "gateway_400")
        if strikes("gateway_silent"):
            fate = rng.choice(("taken", "not taken", "taken later"))
            self.town.tell("gateway", f"does not answer ({fate})", sms.key)
            if fate == "taken":
                self.take(sms)
            elif fate == "taken later":
                self.on_the_way.append((self.town.now + rng.uniform(1, 90), sms))
            return Answer(Fate.UNKNOWN, "gateway_silent")
        self.take(sms)
        return Answer(Fate.SENT)

    def take(self, sms: Outgoing) -> None:
        if self.remembers_keys and any(key == sms.key for key, _ in self.ledger):
            return
        self.ledger.append((sms.key, sms.messages))
        self.town.tell("gateway", "takes", sms.key, *sms.messages)

    def arrive(self, now: float) -> None:
        """What was on its way when nobody waited for the answer any more."""
        for at, sms in [each for each in self.on_the_way if each[0] <= now]:
            self.on_the_way.remove((at, sms))
            self.take(sms)

    def lookup(self, key: str) -> bool | None:
        if not self.can_look_up or self.town.faults.strikes("lookup_silent"):
            return None
        return any(known == key for known, _ in self.ledger)


class Printer:
    """services/notify/printing/typeset.py: the same content gives the same paper under the same name."""

    def __init__(self, town: "Town") -> None:
        self.town = town
        self.papers: dict[str, str] = {}

    def print_letters(self, folder: Any, contents: Sequence[Mapping[str, Any]], seconds: float) -> dict[str, str]:
        if self.town.faults.strikes("printer_fails"):
            for content in contents[: self.town.rng.randint(0, len(contents))]:
                self._lay(content)
            raise PrinterFailed("ended with 1")
        return {content["number"]: self._lay(content) for content in contents}

    def _lay(self, content: Mapping[str, Any]) -> str:
        sha256 = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        self.papers[f"{content['unit']}/{content['number']}.pdf"] = sha256
        self.town.tell("printer", "lays down", content["number"])
        return sha256
