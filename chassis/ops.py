"""Health and metrics on a port of their own, outside every worker pool, so that they answer under full load."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR
from threading import Thread

from chassis import logs, metrics

log = logs.get(__name__)

Check = Callable[[], bool]


@dataclass(slots=True)
class Ops:
    """`/livez` (the process is not stuck), `/readyz` (it can do its work) and `/metrics`.

    `live` and `ready` are named questions; one that says no or raises turns the answer into 503. A broker outage
    is not death: keep it out of `live`. Under eventlet's monkey patching the threads are green.
    """

    port: int
    live: Mapping[str, Check] = field(default_factory=dict)
    ready: Mapping[str, Check] = field(default_factory=dict)
    host: str = "0.0.0.0"  # noqa: S104  a container's port; OPS_HOST narrows it
    _server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        """Listen, in a daemon thread. Port 0 lets the kernel choose; `port` then says which."""
        self._server = ThreadingHTTPServer((self.host, self.port), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        Thread(target=_serve, args=[self._server], name="ops", daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            with suppress(OSError):
                self._server.socket.shutdown(SHUT_RDWR)
            self._server.server_close()

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """Status, content type and body for `path`."""
        if path == "/metrics":
            return 200, "text/plain; version=0.0.4; charset=utf-8", metrics.exposition()
        checks = {"/livez": self.live, "/readyz": self.ready}.get(path)
        if checks is None:
            return 404, "application/json", b"{}"
        results = {name: _holds(name, check) for name, check in checks.items()}
        return (200 if all(results.values()) else 503), "application/json", json.dumps(results).encode()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        ops = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 5

            def do_GET(self) -> None:
                status, kind, body = ops.answer(self.path.partition("?")[0])
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                return

        return Handler


def _serve(server: ThreadingHTTPServer) -> None:
    # Not serve_forever(): its selector, if imported before eventlet patched the world, would stop every green thread.
    while True:
        try:
            request, address = server.get_request()
        except OSError:
            return
        server.process_request(request, address)


def _holds(name: str, check: Check) -> bool:
    try:
        return bool(check())
    except Exception as error:
        log.warning("health check failed", check=name, error=type(error).__name__)
        return False
