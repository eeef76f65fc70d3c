"""An honest SMS gateway as a process: what it takes stands in its ledger, on the disk, before it answers.

`python -m tests.chaos.gateway --port P --ledger FILE`

POST /sms   Idempotency-Key: <key>   {"key", "to", "text"}   taken once for each key, also over a restart
GET  /sms/<key>        200 taken, 404 not taken
PUT  /mode             {"mode": …, "seconds": …}   see `MODES`
GET  /mode, /health
"""

import argparse
import contextlib
import json
import os
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tests.chaos.torn import cut_torn_line

MODES = {
    "ok": "takes and answers",
    "down": "503 to everything, takes nothing",
    "slow": "takes, and answers after `seconds`",
    "taken_then_500": "takes, and answers 500",
    "taken_then_cut": "takes, and closes the connection without an answer",
    "refuse_429": "takes nothing, 429 with Retry-After: `seconds`",
    "repeated_answer": "takes, and answers twice on the same connection",
}
TAKEN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
TAKES_NOTHING = {"down": 503, "refuse_429": 429}


class Taken:
    """The ledger and the keys in it: {"at", "key", "to", "text", "repeat", "mode"} a line."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        cut_torn_line(path)
        self._lock = threading.Lock()
        self._file = path.open("a+", encoding="utf-8")
        self._file.seek(0)
        self._keys = {json.loads(line)["key"] for line in self._file}

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def take(self, sms: dict[str, Any], mode: str) -> None:
        """Write the SMS to the disk, as a repeat if its key was taken before."""
        with self._lock:
            line = {"at": datetime.now(UTC).isoformat(), "key": sms["key"], "to": sms["to"], "text": sms["text"]}
            line |= {"repeat": sms["key"] in self, "mode": mode}
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._file.flush()
            os.fsync(self._file.fileno())
            self._keys.add(sms["key"])

    def close(self) -> None:
        self._file.close()


class Gateway(ThreadingHTTPServer):
    """The server with its ledger and its mode; each connection has a thread."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, port: int, ledger: Path) -> None:
        super().__init__(("127.0.0.1", port), Answering)
        self.taken = Taken(ledger)
        self.mode: tuple[str, float] = ("ok", 0.0)

    def server_close(self) -> None:
        super().server_close()
        self.taken.close()


class Answering(BaseHTTPRequestHandler):
    """One request after the other of one connection."""

    protocol_version = "HTTP/1.1"
    server: Gateway
    timeout = 60

    def do_GET(self) -> None:
        if self.path in ("/health", "/mode"):
            mode, seconds = self.server.mode
            return self._answer(200, {"mode": mode, "seconds": seconds})
        mode, seconds = self.server.mode
        if mode in TAKES_NOTHING:
            return self._refuse(mode, seconds)
        time.sleep(seconds if mode == "slow" else 0)
        return self._answer(200 if unquote(self.path).removeprefix("/sms/") in self.server.taken else 404, {})

    def do_PUT(self) -> None:
        wish = self._body()
        if wish.get("mode") not in MODES:
            return self._answer(422, {"modes": MODES})
        self.server.mode = (wish["mode"], float(wish.get("seconds") or 0))
        return self._answer(200, wish)

    def do_POST(self) -> None:
        sms, (mode, seconds) = self._body(), self.server.mode
        if mode in TAKES_NOTHING:
            return self._refuse(mode, seconds)
        if not {"key", "to", "text"} <= sms.keys() or self.headers["Idempotency-Key"] != sms["key"]:
            return self._answer(422, {})
        self.server.taken.take(sms, mode)
        return self._answer_as(mode, seconds)

    def _answer_as(self, mode: str, seconds: float) -> None:
        if mode == "taken_then_cut":
            self.close_connection = True
            return
        if mode == "repeated_answer":
            self.wfile.write(
                TAKEN * 2
            )  # in one piece: a client that looks at its connection before it asks again sees it
            return
        time.sleep(seconds if mode == "slow" else 0)
        self._answer(500 if mode == "taken_then_500" else 200, {})

    def _refuse(self, mode: str, seconds: float) -> None:
        self._answer(TAKES_NOTHING[mode], {}, {"Retry-After": str(int(seconds) or 1)})

    def _body(self) -> dict[str, Any]:
        try:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)))
        except ValueError:
            return {}
        return body if isinstance(body, dict) else {}

    def _answer(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        payload = json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(payload)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(payload)

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # the other side went away; what was taken is in the ledger
            super().handle()

    def log_message(self, *_: object) -> None:
        """Nothing: telephones must not reach a log."""


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--ledger", type=Path, required=True)
    wish = arguments.parse_args()
    Gateway(wish.port, wish.ledger).serve_forever()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
