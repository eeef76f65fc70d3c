"""The facts behind `status`, asked of the database and the broker, each with a deadline; an absent one is an answer."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from amqp.exceptions import NotFound
from sqlalchemy import Connection

from chassis import clock
from chassis.database import is_gone
from chassis.delivery import aside, broker
from chassis.delivery import relay as relaying
from chassis.operating.service import Service
from chassis.operating.verdicts import Line, lines, worst
from chassis.settings import Settings

NOTHING: dict[str, Any] = {"time": None, "outbox": None, "halted": None, "aside": None}


def gather(service: Service, settings: Settings) -> dict[str, Any]:
    """Every fact by name. `database` and `queue.answer` say whether the two answered."""
    return {"service": service.name, "queue": queue(settings.amqp_uri, service.name)} | _kept(service, settings)


def _kept(service: Service, settings: Settings) -> dict[str, Any]:
    database = service.database(settings, "status")
    try:
        with database.transaction() as tx:
            return {"database": "answers"} | _delivery(tx) | dict(service.status(tx))
    except Exception as error:
        if not is_gone(error):
            raise
        return {"database": "away"} | NOTHING
    finally:
        database.close()


def _delivery(tx: Connection) -> dict[str, Any]:
    return {
        "time": clock.now(tx).isoformat(),
        "outbox": relaying.gauges(tx),
        "halted": relaying.halts(tx),
        "aside": aside.backlog(tx),
    }


def queue(uri: str, service: str) -> dict[str, Any]:
    """Messages ready in the service's inbox and who reads it: an answer also where there is none."""
    name = f"{service}.inbox"
    nothing = {"name": name, "ready": None, "readers": None}
    if not uri:
        return nothing | {"answer": "not asked"}
    try:
        ready, readers = broker.depth(uri, name)
    except NotFound:
        return nothing | {"answer": "queue missing"}
    except broker.LOST:
        return nothing | {"answer": "broker away"}
    return {"name": name, "ready": ready, "readers": readers, "answer": "ok"}


def judged(service: Service, facts: Mapping[str, Any]) -> list[Line]:
    """The service's lines: those all have, then its own."""
    own = service.judge(facts) if facts["database"] == "answers" else ()
    return [*lines(facts), *own]


def as_json(facts: Mapping[str, Any], shown: list[Line]) -> str:
    """The stable shape for scripts: the facts, `lines`, and the worst `verdict`."""
    verdict = worst([line.verdict for line in shown])
    whole = dict(facts) | {"verdict": verdict, "lines": [asdict(line) for line in shown]}
    return json.dumps(whole, ensure_ascii=False, default=str)
