"""The outside subscriber as a process: what it hears stands in its ledger before it acknowledges.

`AMQP_URI=… python -m tests.chaos.subscriber --ledger FILE [--queue sub.traffic] [--control FILE]`

The control file holds one word, `normal` (also if there is no file) or `never_acks`: it then receives and neither
writes nor acknowledges. Back to normal it connects anew, so that all it sat on comes again. It reconnects for ever.
"""

import argparse
import json
import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import amqp

from tests.chaos.torn import cut_torn_line

LOOK_SECONDS = 0.2
PREFETCH = 50


class Subscriber:
    """Reads `queue` at `uri` into `ledger`, a line {"at", "headers", "body"} for each delivery, repeats included."""

    def __init__(self, uri: str, queue: str, ledger: Path, control: Path | None) -> None:
        self.address, self.queue, self.control = urlsplit(uri), queue, control
        ledger.parent.mkdir(parents=True, exist_ok=True)
        cut_torn_line(ledger)
        self.ledger = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self.stopping = False

    def stop(self, *_: object) -> None:
        self.stopping = True

    def run(self) -> None:
        while not self.stopping:
            try:
                self._listen(self._connection())
            except Exception as error:  # whatever a fault makes of the connection, the next one is a new one
                say(f"connection lost: {type(error).__name__}")
                time.sleep(LOOK_SECONDS)

    def _listen(self, connection: Any) -> None:
        try:
            connection.connect()
            mode, channel = self._mode(), connection.channel()
            channel.basic_qos(0, PREFETCH, False)
            channel.basic_consume(self.queue, callback=lambda message: self._receive(channel, message, mode))
            say(f"connected, {mode}")
            while not self.stopping and self._mode() == mode:
                self._wait(connection)
        finally:
            connection.collect()  # a polite close would wait for a broker that may be gone

    def _wait(self, connection: Any) -> None:
        try:
            connection.drain_events(timeout=LOOK_SECONDS)
        except TimeoutError:
            connection.heartbeat_tick()

    def _receive(self, channel: Any, message: Any, mode: str) -> None:
        if mode == "never_acks":
            return
        headers = {name.removeprefix("cloudEvents:"): value for name, value in message.headers.items()}
        body = message.body if isinstance(message.body, str) else bytes(message.body).decode()
        line = {"at": datetime.now(UTC).isoformat(), "headers": headers, "body": body}
        os.write(self.ledger, (json.dumps(line, ensure_ascii=False, default=str) + "\n").encode())
        channel.basic_ack(message.delivery_tag)

    def _mode(self) -> str:
        try:
            return (self.control.read_text(encoding="utf-8").strip() if self.control else "") or "normal"
        except FileNotFoundError:
            return "normal"

    def _connection(self) -> Any:
        return amqp.Connection(
            host=f"{self.address.hostname}:{self.address.port or 5672}",
            userid=unquote(self.address.username or ""),
            password=unquote(self.address.password or ""),
            virtual_host=unquote(self.address.path[1:]) or "/",
            connect_timeout=3,
            read_timeout=15,
            write_timeout=15,
            heartbeat=10,
        )


def say(text: str) -> None:
    sys.stderr.write(f"{datetime.now(UTC).isoformat()} {text}\n")
    sys.stderr.flush()


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--ledger", type=Path, required=True)
    arguments.add_argument("--queue", default="sub.traffic")
    arguments.add_argument("--control", type=Path)
    wish = arguments.parse_args()
    subscriber = Subscriber(os.environ["AMQP_URI"], wish.queue, wish.ledger, wish.control)
    signal.signal(signal.SIGTERM, subscriber.stop)
    signal.signal(signal.SIGINT, subscriber.stop)
    subscriber.run()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
