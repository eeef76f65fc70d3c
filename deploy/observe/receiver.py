"""Where a local Alertmanager sends to: an address of our own that remembers what arrived for whom."""

import json
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import yaml


class Receiver:
    """`arrived["page"]` holds the notifications that were sent to the receiver `page`, oldest first."""

    def __init__(self) -> None:
        self.arrived: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        Thread(target=self.server.serve_forever, name="receiver", daemon=True).start()

    def redirected(self, configuration: str) -> str:
        """Alertmanager's configuration with every receiver sending here; routes and inhibition stay."""
        whole: dict[str, Any] = yaml.safe_load(configuration)
        whole["global"] = {key: value for key, value in whole["global"].items() if not key.startswith("smtp_")}
        whole["receivers"] = [self._receiver(each["name"]) for each in whole["receivers"]]
        return yaml.safe_dump(whole, sort_keys=False)

    def _receiver(self, name: str) -> dict[str, Any]:
        return {"name": name, "webhook_configs": [{"url": f"http://127.0.0.1:{self.port}/{name}"}]}

    def close(self) -> None:
        """Stop listening."""
        self.server.shutdown()
        self.server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 5

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                receiver.arrived[self.path.strip("/")].append(json.loads(body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        return Handler
