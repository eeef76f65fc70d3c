"""The honest gateway: what it took stands in its ledger before it answers, whatever it then answers."""

import json
import threading
from datetime import UTC, datetime

import pytest
import requests

from services.notify.domain.gateway import Fate, Outgoing
from services.notify.gateways.http import HttpGateway
from tests.chaos.gateway import MODES, Gateway


@pytest.fixture
def ledger(tmp_path):
    return tmp_path / "sms.jsonl"


@pytest.fixture
def serve(ledger):
    running = []

    def start():
        gateway = Gateway(0, ledger)
        thread = threading.Thread(target=gateway.serve_forever, args=(0.01,))
        thread.start()
        running.append((gateway, thread))
        return gateway, f"http://127.0.0.1:{gateway.server_address[1]}"

    yield start
    for gateway, thread in running:
        gateway.shutdown()
        thread.join(5)
        gateway.server_close()


def client(address, seconds=5.0):
    return HttpGateway(f"{address}/sms", f"{address}/sms", remembers_keys=True, read_seconds=seconds)


def sms(key="m1:1", text="您好"):
    return Outgoing(key, "13800000001", text, datetime.now(UTC), ("m1",))


def lines(ledger):
    return [json.loads(line) for line in ledger.read_text(encoding="utf-8").splitlines()]


def test_a_key_is_delivered_once_and_its_repeat_is_written_as_such(serve, ledger):
    _, address = serve()
    assert [client(address).send([sms()])[0].fate for _ in range(2)] == [Fate.SENT, Fate.SENT]
    assert [line["repeat"] for line in lines(ledger)] == [False, True]


def test_keys_are_known_after_a_restart_and_a_torn_line_is_none(serve, ledger):
    _, address = serve()
    client(address).send([sms("a")])
    with ledger.open("a") as file:
        file.write('{"at": "2026-')
    _, address = serve()
    assert client(address).lookup("a") is True
    assert client(address).lookup("b") is False
    client(address).send([sms("b")])
    assert json.loads(ledger.read_text(encoding="utf-8").splitlines()[-1])["key"] == "b"


@pytest.mark.parametrize(
    ("mode", "fate", "taken"),
    [
        ("ok", Fate.SENT, 1),
        ("down", Fate.BUSY, 0),
        ("slow", Fate.UNKNOWN, 1),
        ("taken_then_500", Fate.UNKNOWN, 1),
        ("taken_then_cut", Fate.UNKNOWN, 1),
        ("refuse_429", Fate.BUSY, 0),
        ("repeated_answer", Fate.SENT, 1),
    ],
)
def test_each_mode_is_what_notify_makes_of_it(serve, ledger, mode, fate, taken):
    _, address = serve()
    assert mode in MODES
    requests.put(f"{address}/mode", json={"mode": mode, "seconds": 0.6}, timeout=5)
    assert client(address, 0.2).send([sms()])[0].fate is fate
    assert len(lines(ledger)) == taken


def test_a_second_answer_on_a_connection_is_not_taken_for_the_next_one_s(serve):
    gateway, address = serve()
    known = client(address)
    gateway.mode = ("repeated_answer", 0.0)
    known.send([sms("a")])
    gateway.mode = ("refuse_429", 1.0)
    assert known.send([sms("b")])[0].fate is Fate.BUSY


def test_an_unknown_mode_is_refused(serve):
    _, address = serve()
    assert requests.put(f"{address}/mode", json={"mode": "odd"}, timeout=5).status_code == 422
    assert requests.get(f"{address}/health", timeout=5).json() == {"mode": "ok", "seconds": 0.0}
