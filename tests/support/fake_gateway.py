"""An honest SMS gateway: what it takes is in its ledger before it answers. Modes are the ways real ones fail.

ok · slow (takes it, answers too late) · error_after (takes it, says 500) · error (says 500, takes nothing) ·
busy (429) · cut (takes it, drops the connection) · refuse (400). `down()` closes the port. With `remembers` a key
given again is not taken again; without, it is: that is how a double would show.
"""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class FakeGateway:
    """`url` is where SMS are posted to and asked for by key."""

    mode: str = "ok"
    remembers: bool = True
    taken: list[dict[str, Any]] = field(default_factory=list)
    calls: int = 0
    port: int = 0
    release: threading.Event = field(default_factory=threading.Event)

    def up(self) -> "FakeGateway":
        """Listens, on the same port as before if it was down."""
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                fake.calls += 1
                fake.post(self, self.headers["Idempotency-Key"], body)

            def do_GET(self) -> None:
                key = self.path.rpartition("/")[2]
                answer(self, 200 if any(each["key"] == key for each in fake.taken) else 404)

            def log_message(self, *arguments: Any) -> None:
                """Silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def down(self) -> None:
        """Nobody listens any more."""
        self.release.set()
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/sms"

    def post(self, handler: BaseHTTPRequestHandler, key: str, body: dict[str, Any]) -> None:
        """One SMS, as the mode has it."""
        if self.mode in ("busy", "refuse", "error"):
            answer(handler, {"busy": 429, "refuse": 400, "error": 500}[self.mode])
            return
        if not (self.remembers and any(each["key"] == key for each in self.taken)):
            self.taken.append({"key": key, **body})
        if self.mode == "slow":
            self.release.wait(30)
        if self.mode in ("cut", "slow"):
            handler.close_connection = True
            return
        answer(handler, 500 if self.mode == "error_after" else 200)


def answer(handler: BaseHTTPRequestHandler, status: int) -> None:
    """An empty answer."""
    handler.send_response(status)
    handler.send_header("Content-Length", "0")
    handler.end_headers()
