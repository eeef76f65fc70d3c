"""A resident whose receipt is lost on the way tries again with the same key."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from deploy.demo.door import Door
from deploy.demo.ledger import Ledger
from deploy.demo.letters import Letter
from deploy.demo.residents import Residents

LETTER = Letter(1, datetime(2026, 11, 24, tzinfo=UTC), {"description": "路灯坏了"})


class Origin(ThreadingHTTPServer):
    """Gives the answers of `script`, in order, and remembers the keys it was asked with."""

    script: list[tuple[int, dict[str, Any]]]
    keys: list[str | None]


class Script(BaseHTTPRequestHandler):
    server: Origin

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.keys.append(self.headers["Idempotency-Key"])
        status, data = self.server.script[len(self.server.keys) - 1]
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin(("127.0.0.1", 0), Script) as server:
        server.keys = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def post(origin: Origin, path: Path, *script: tuple[int, dict[str, Any]]) -> tuple[Any, list[dict[str, Any]]]:
    origin.script = list(script)
    ledger = Ledger(path / "ledger.jsonl")
    door = Door(f"http://127.0.0.1:{origin.server_port}")
    posted = Residents(door, ledger).post(LETTER)
    door.close()
    ledger.close()
    return posted, [json.loads(line) for line in (path / "ledger.jsonl").read_text(encoding="utf-8").splitlines()]


def test_an_unknown_outcome_is_asked_again_with_the_same_key(origin: Origin, tmp_path: Path) -> None:
    posted, ledger = post(origin, tmp_path, (502, {}), (500, {}), (201, {"number": "XA20261124000001"}))
    assert posted.outcome == "taken_in" and posted.number == "XA20261124000001" and posted.tries == 3
    assert len(origin.keys) == 3 and len(set(origin.keys)) == 1
    assert [line["what"] for line in ledger] == ["posting", "unanswered"] * 2 + ["posting", "answered"]
    assert {line["key"] for line in ledger} == set(origin.keys)


def test_too_many_requests_is_no_refusal(origin: Origin, tmp_path: Path) -> None:
    posted, _ = post(origin, tmp_path, (429, {"code": "too_many"}), (201, {"number": "XA20261124000001"}))
    assert posted.outcome == "taken_in"


def test_a_refusal_is_final(origin: Origin, tmp_path: Path) -> None:
    posted, ledger = post(origin, tmp_path, (422, {"code": "invalid"}))
    assert posted.outcome == "refused_by_validation" and posted.number is None
    assert ledger[-1]["code"] == "invalid" and ledger[-1]["number"] is None
